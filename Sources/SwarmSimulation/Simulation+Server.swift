import Swarm
import TorrentCore

/// An HTTP server with the whole torrent, which every client knows as a web seed.
extension Simulation {
    func addServer(to number: Int) {
        let keys = (0..<UInt32(TorrentStateMachine.webSeedLaneCount)).map {
            PeerKey(ReadingSimulation.firstLane + $0)
        }
        nodes[number].torrent.addWebSeed(
            lanes: keys, layout: ReadingSimulation.layout(content.geometry), now: now)
    }

    func fetch(_ lane: PeerKey, _ run: WebSeedFetch, _ number: Int) {
        guard let server else { return }
        serverRequests += 1
        nodes[number].serverRuns[lane] = ReadingSimulation.ServerRun(
            attempt: serverRequests, blocks: run.blocks[...])
        schedule(
            .served(node: number, lane: lane, attempt: serverRequests, isFirst: true),
            after: .seconds(server.latency))
    }

    func abandonFetch(_ lane: PeerKey, _ number: Int) { nodes[number].serverRuns[lane] = nil }

    /// A block of a run is there, or the run begins.
    func served(_ number: Int, _ lane: PeerKey, attempt: Int, isFirst: Bool) {
        guard let server, let run = nodes[number].serverRuns[lane], run.attempt == attempt,
            let block = run.blocks.first
        else { return }
        if isFirst {
            nodes[number].torrent.webSeedAnswered(lane, now: now)
        } else {
            nodes[number].serverRuns[lane]?.blocks.removeFirst()
            arrive(block, on: lane, number)
        }
        if let next = nodes[number].serverRuns[lane]?.blocks.first {
            // All runs share the server's link.
            let runs = nodes.reduce(0) { $0 + $1.serverRuns.count }
            let seconds = Double(next.length) * Double(runs) / server.rate
            schedule(
                .served(node: number, lane: lane, attempt: attempt, isFirst: false),
                after: .seconds(seconds))
        } else {
            nodes[number].serverRuns[lane] = nil
            nodes[number].torrent.webSeedEnded(lane, now: now)
        }
        settle(number)
    }

    private func arrive(_ block: BlockRequest, on lane: PeerKey, _ number: Int) {
        serverBlocks[block.piece, default: 0] += 1
        _ = nodes[number].torrent.blockBegan(lane, block, now: now)
        guard nodes[number].torrent.blockArrived(lane, block, now: now) == .wanted else { return }
        guard nodes[number].buffers[block.piece] != nil else {
            violations.append("node \(number) wants \(block) of the server, which goes nowhere")
            return
        }
        let start = Int(block.begin)
        nodes[number].buffers[block.piece]?.replaceSubrange(
            start..<start + Int(block.length), with: content.bytes(of: block))
    }
}
