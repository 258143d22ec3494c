import Metainfo
import Swarm
import TorrentCore

extension ReadingSimulation {
    /// Keys of lanes start here, behind those of all peers.
    static let firstLane: UInt32 = 1 << 20

    /// A run on its way.
    struct ServerRun {
        let attempt: Int
        var blocks: ArraySlice<BlockRequest>
    }

    func connect(_ server: ShapedServer) {
        self.server = server
        let keys = (0..<UInt32(TorrentStateMachine.webSeedLaneCount)).map {
            PeerKey(Self.firstLane + $0)
        }
        machine.addWebSeed(lanes: keys, layout: Self.layout(geometry), now: now)
    }

    func fetch(_ lane: PeerKey, _ fetch: WebSeedFetch) {
        guard let server else { return }
        serverRequests += 1
        serverSent.remove(lane)
        serverRuns[lane] = ServerRun(attempt: serverRequests, blocks: fetch.blocks[...])
        for block in fetch.blocks { _ = machine.blockBegan(lane, block, now: now) }
        schedule(
            .served(lane: lane, attempt: serverRequests), at: now + .seconds(server.latency))
    }

    func abandonFetch(_ lane: PeerKey) { serverRuns[lane] = nil }

    /// A block of a run is here, or the run begins.
    func served(_ lane: PeerKey, attempt: Int) {
        guard let server, let run = serverRuns[lane], run.attempt == attempt else { return }
        machine.webSeedAnswered(lane, now: now)
        if let block = run.blocks.first, serverSent.contains(lane) {
            serverRuns[lane]?.blocks.removeFirst()
            serverBytes += Int64(block.length)
            _ = machine.blockArrived(lane, block, now: now)
        }
        serverSent.insert(lane)
        guard let next = serverRuns[lane]?.blocks.first else {
            serverRuns[lane] = nil
            serverSent.remove(lane)
            machine.webSeedEnded(lane, now: now)
            return
        }
        // All runs share the server's link.
        let share = server.rate / Double(serverRuns.count)
        schedule(
            .served(lane: lane, attempt: attempt),
            at: now + .seconds(Double(next.length) / share))
    }

    /// One file, as long as all pieces.
    static func layout(_ geometry: PieceGeometry) -> FileLayout {
        let length = geometry.pieces.reduce(0) { $0 + geometry.length(of: $1) }
        let hashes = String(repeating: "h", count: geometry.pieceCount * SHA1Digest.byteCount)
        let text =
            "d6:lengthi\(length)e4:name4:data12:piece lengthi\(geometry.pieceLength)e"
            + "6:pieces\(hashes.utf8.count):\(hashes)e"
        do {
            return try InfoDictionary(parsing: Array(text.utf8), hashing: SimulatedHashing())
                .layout
        } catch {
            preconditionFailure("the info dictionary is well formed: \(error)")
        }
    }
}
