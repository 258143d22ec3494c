import Swarm
import TorrentCore

/// One block through the decisions of a torrent with one fast seed: requested, begun, arrived, and
/// a share of its piece's opening and verification.
struct BlockCycle: Measurement {
    let blocksPerPiece: Int

    private static let pieceCount = 1 << 14

    var name: String { "a block's decisions, \(blocksPerPiece) blocks a piece" }
    var bytesPerOperation: Int? { nil }

    func run(_ count: Int) -> Int {
        let length = blocksPerPiece * BlockRequest.standardLength
        let geometry = PieceGeometry(
            totalLength: Int64(Self.pieceCount * length), pieceLength: length)
        var machine = TorrentStateMachine(
            geometry: geometry, have: Bitfield(count: Self.pieceCount), configuration: .init(),
            seed: 1, now: .zero)
        let seed = PeerKey(1)
        machine.peerConnected(
            seed,
            traits: PeerTraits(
                address: Endpoint(address: .loopbackV4, port: 1), supportsFast: true,
                requestLimit: 500, isOutgoing: true), now: .zero)
        machine.peerHasAll(seed, now: .zero)
        machine.peerUnchoked(seed, now: .zero)
        var now = Timestamp.zero
        var actions: [SwarmAction] = []
        var queue: [BlockRequest] = []
        var head = 0
        var done = 0
        var window = 0
        while done < count {
            let start = window % Self.pieceCount
            let end = min(start + 64, Self.pieceCount)
            machine.readahead(StreamKey(1), pieces: PieceIndex(start)..<PieceIndex(end), now: now)
            machine.takeActions(into: &actions)
            var isBusy = true
            while isBusy {
                isBusy = false
                for action in actions {
                    switch action {
                    case .request(_, let request): queue.append(request)
                    case .verify(let piece, _):
                        machine.pieceVerified(piece, blockDigests: nil, now: now)
                        isBusy = true
                    default: break
                    }
                }
                // A turn of the loop takes what one socket read brought.
                for _ in 0..<16 where head < queue.count {
                    let request = queue[head]
                    head += 1
                    now = now + Interval(nanoseconds: 20_000)
                    _ = machine.blockBegan(seed, request, now: now)
                    _ = machine.blockArrived(seed, request, now: now)
                    done += 1
                    isBusy = true
                }
                if head > 4096 {
                    queue.removeFirst(head)
                    head = 0
                }
                machine.takeActions(into: &actions)
                if !actions.isEmpty { isBusy = true }
            }
            window += 64
            if window % Self.pieceCount == 0 {
                for piece in geometry.pieces { machine.pieceLost(piece, now: now) }
                machine.takeActions(into: &actions)
            }
        }
        return done
    }
}
