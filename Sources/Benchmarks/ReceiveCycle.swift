import PeerProtocol
import Swarm
import TorrentCore

/// One block from decision to piece, as a connection and its torrent do it, the socket left out: the
/// swarm machine asks for it, the peer machine writes the request, reads the header, counts the
/// payload, and the swarm machine takes it; with a share of its piece's opening and verification.
/// Pieces of 1 MiB, a turn every 16 blocks.
struct ReceiveCycle: Measurement {
    private static let blocksPerPiece = 64
    private static let blocksPerTurn = 16
    private static let pieceCount = 1 << 12
    private static let window = 64

    var name: String { "a block, asked for and received" }
    var bytesPerOperation: Int? { nil }

    func run(_ count: Int) -> Int {
        guard var state = State() else { return 1 }
        var done = 0
        while done < count { done += state.turn() }
        return done
    }

    /// Runs until everything has its size, then counts what `count` blocks allocate.
    func allocationsPerBlock(_ count: Int, counter: () -> Int) -> Double {
        guard var state = State() else { return .infinity }
        var done = 0
        while done < count { done += state.turn() }
        let before = counter()
        done = 0
        while done < count { done += state.turn() }
        return Double(counter() - before) / Double(done)
    }

    /// A reader that streams from one seed.
    private struct State {
        private let seed = PeerKey(1)
        private var peer: PeerStateMachine
        private var torrent: TorrentStateMachine
        private var now = Timestamp.zero
        private var actions: [SwarmAction] = []
        private var requests: [BlockRequest] = []
        private var head = 0
        private var output: [UInt8] = []
        private var header: [UInt8] = []
        private var first = 0

        init?() {
            let length = ReceiveCycle.blocksPerPiece * BlockRequest.standardLength
            let geometry = PieceGeometry(
                totalLength: Int64(ReceiveCycle.pieceCount * length), pieceLength: length)
            guard let peer = OpenConnection.make(geometry: geometry) else { return nil }
            self.peer = peer
            torrent = TorrentStateMachine(
                geometry: geometry, have: Bitfield(count: ReceiveCycle.pieceCount),
                configuration: .init(), seed: 1, now: .zero)
            let unchoke: [UInt8] = [0, 0, 0, 1, 1]
            _ = self.peer.received(unchoke.span, now: .zero)
            while self.peer.nextAction() != nil {}
            torrent.peerConnected(
                seed,
                traits: PeerTraits(
                    address: Endpoint(address: .loopbackV4, port: 1), supportsFast: true,
                    requestLimit: 500, isOutgoing: true), now: .zero)
            torrent.peerHasAll(seed, now: .zero)
            torrent.peerUnchoked(seed, now: .zero)
        }

        /// What one turn of the loop does; gives how many blocks came in.
        mutating func turn() -> Int {
            if requests.count == head { moveOn() }
            var done = 0
            while head < requests.count, done < ReceiveCycle.blocksPerTurn {
                receive(requests[head])
                head += 1
                done += 1
            }
            if head == requests.count || head > 1024 {
                requests.removeFirst(head)
                head = 0
            }
            decide()
            return done
        }

        /// The reader's window goes on; at the end everything is missing again.
        private mutating func moveOn() {
            if first == ReceiveCycle.pieceCount {
                first = 0
                for piece in 0..<ReceiveCycle.pieceCount {
                    torrent.pieceLost(PieceIndex(piece), now: now)
                }
            }
            let end = first + ReceiveCycle.window
            torrent.readahead(StreamKey(1), pieces: PieceIndex(first)..<PieceIndex(end), now: now)
            first = end
            decide()
        }

        private mutating func receive(_ request: BlockRequest) {
            now = now + Interval(nanoseconds: 20_000)
            header.removeAll(keepingCapacity: true)
            header.appendBigEndian(UInt32(9 + request.length))
            header.append(7)
            header.appendBigEndian(request.piece.rawValue)
            header.appendBigEndian(request.begin)
            let bytes = header
            _ = peer.received(bytes.span, now: now)
            drain()
            peer.receivedBlockBytes(Int(request.length), now: now)
            drain()
        }

        private mutating func drain() {
            while let action = peer.nextAction() {
                switch action {
                case .blockBegan(let block): _ = torrent.blockBegan(seed, block, now: now)
                case .blockArrived(let block): _ = torrent.blockArrived(seed, block, now: now)
                default: break
                }
            }
        }

        private mutating func decide() {
            torrent.takeActions(into: &actions)
            for action in actions {
                switch action {
                case .request(_, let request):
                    peer.request(request)
                    requests.append(request)
                case .verify(let piece, _):
                    torrent.pieceVerified(piece, blockDigests: nil, now: now)
                default: break
                }
            }
            output.removeAll(keepingCapacity: true)
            peer.takeOutput(into: &output)
        }
    }
}
