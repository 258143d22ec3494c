import PeerProtocol
import Testing
import TorrentCore

/// A whole conversation in two turns, of which the second follows on what we said after the first;
/// its course must not depend on how each turn is cut.
@Suite("Streams, however they are cut")
struct StreamTests {
    private struct Course: Equatable {
        var actions: [PeerAction] = []
        var payload: [UInt8] = []
    }

    private static let requests = [
        block(0, 0, 300), block(0, 16_384, 200), block(4, 0, 100), block(2),
    ]

    private static func encoded(_ messages: PeerMessage...) -> [UInt8] {
        var bytes: [UInt8] = []
        for message in messages {
            PeerMessageEncoder.append(message, to: &bytes)
            guard case .piece(let block) = message else { continue }
            for index in 0..<Int(block.length) { bytes.append(UInt8(truncatingIfNeeded: index)) }
        }
        return bytes
    }

    private static let data = MetadataMessage.data(
        piece: 0, totalSize: 300, bytes: Array(repeating: 4, count: 300))

    private static let turns = [
        Connection.handshake().bytes
            + encoded(
                .extended(0, Array(ExtensionHandshakeTests.sample.utf8)),
                .bitfield([0b1110_1000]), .port(7), .keepAlive, .interested, .unchoke,
                .ignored(77), .extended(99, [1, 2, 3, 4]), .suggest(PieceIndex(1))),
        encoded(
            .piece(requests[0]), .have(PieceIndex(3)), .request(block(1)),
            .request(block(1, 16_384)), .piece(requests[1]), .cancel(block(1)),
            .extended(ExtensionID.uploadOnly, [0]), .piece(block(3, 0, 50)),
            .piece(requests[2]), .reject(requests[3]), .allowedFast(PieceIndex(2)),
            .extended(ExtensionID.metadata, MetadataMessage.request(piece: 0).encoded()),
            .extended(ExtensionID.metadata, data.encoded()),
            .extended(ExtensionID.dontHave, [0, 0, 0, 1]), .notInterested, .choke, .keepAlive,
            // Ends in a close, and in bytes behind it.
            .have(PieceIndex(55)), .unchoke),
    ]

    /// Plays the turns, each cut by `cut`.
    private static func course(
        _ turns: [[UInt8]] = turns, _ cut: ([UInt8]) -> [[UInt8]] = { [$0] }
    ) -> Course {
        let connection = Connection()
        var course = Course()
        func feed(_ bytes: [UInt8]) {
            var bytes = bytes
            while true {
                let actions = connection.receive(bytes: bytes)
                bytes = []
                course.actions += actions
                for action in actions { answer(action) }
                if actions.isEmpty { break }
            }
        }
        func answer(_ action: PeerAction) {
            switch action {
            case .handshakeReceived(let handshake):
                guard handshake.infoHash == Connection.hash else {
                    return connection.machine.disconnected()
                }
                connection.machine.accept(
                    identity: Connection.identity, geometry: Connection.geometry,
                    have: pieces("-*---"), metadataSize: 300, now: .zero)
            case .extensionHandshake: connection.machine.requestMetadata(0)
            case .interested: connection.machine.unchoke()
            case .unchoked:
                connection.machine.setInterested(true)
                for request in requests { connection.machine.request(request) }
            case .blockArrived(let block): connection.machine.have(block.piece)
            case .cancelled: _ = connection.pieceHeader(block(1, 16_384))
            case .metadataRequested(let piece): connection.machine.rejectMetadata(piece)
            default: break
            }
        }
        for turn in turns {
            for chunk in cut(turn) { feed(chunk) }
        }
        course.payload = connection.payload
        return course
    }

    @Test func `the whole conversation goes as it should`() {
        let course = Self.course()
        #expect(course.payload.count == 600)
        #expect(course.payload.prefix(300) == Self.encoded(.piece(Self.requests[0]))[13...])
        let actions = course.actions.filter {
            if case .extensionHandshake = $0 { false } else { true }
        }
        #expect(
            actions == [
                .handshakeReceived(Connection.handshake()),
                .peerBitfield(pieces("***-*")), .interested, .unchoked,
                .suggested(PieceIndex(1)), .blockBegan(Self.requests[0]),
                .blockArrived(Self.requests[0]), .peerHave(PieceIndex(3)), .requested(block(1)),
                .requested(block(1, 16_384)), .blockBegan(Self.requests[1]),
                .blockArrived(Self.requests[1]), .cancelled(block(1)), .uploadOnly(false),
                .blockBegan(Self.requests[2]), .blockArrived(Self.requests[2]),
                .rejected(block(2)), .allowedFast(PieceIndex(2)), .metadataRequested(0),
                .metadataArrived(
                    piece: 0, totalSize: 300, bytes: Array(repeating: 4, count: 300)),
                .peerDontHave(PieceIndex(1)), .notInterested, .choked,
                .close(.invalidPiece(55)),
            ])
    }

    @Test func `byte by byte it is the same`() {
        #expect(Self.course { turn in turn.map { [$0] } } == Self.course())
    }

    @Test func `cut in two at any place it is the same`() {
        let whole = Self.course()
        for cut in 0...Self.turns.reduce(0, { max($0, $1.count) }) {
            let course = Self.course { [Array($0.prefix(cut)), Array($0.dropFirst(cut))] }
            let isSame = course == whole
            #expect(isSame, "cut at \(cut)")
        }
    }

    @Test func `cut at random places it is the same`() {
        let whole = Self.course()
        for seed in 0..<300 as Range<UInt64> {
            var random = SeededRandom(seed: seed)
            let course = Self.course { turn in
                var chunks: [[UInt8]] = []
                var start = 0
                while start < turn.count {
                    let longest = [3, 30, 300].randomElement(using: &random) ?? 1
                    let end = min(turn.count, start + .random(in: 1...longest, using: &random))
                    chunks.append(Array(turn[start..<end]))
                    start = end
                }
                return chunks
            }
            let isSame = course == whole
            #expect(isSame, "seed \(seed)")
        }
    }

    @Test func `a stream that ends anywhere has done what was whole`() {
        let whole = Self.course()
        for turn in Self.turns.indices {
            for count in 0..<Self.turns[turn].count {
                var turns = Array(Self.turns[...turn])
                turns[turn].removeSubrange(count...)
                let isPrefix = whole.actions.starts(with: Self.course(turns).actions)
                #expect(isPrefix, "ends at \(count) of turn \(turn)")
            }
        }
    }

    @Test func `random damage never crashes a connection`() {
        for seed in 0..<4000 as Range<UInt64> {
            var random = SeededRandom(seed: seed)
            var turns = Self.turns
            for _ in 0..<Int.random(in: 1...10, using: &random) {
                let turn = Int.random(in: 0..<turns.count, using: &random)
                // A damaged handshake would hide all the rest.
                let first = turn == 0 ? 68 : 0
                let index = Int.random(in: first..<turns[turn].count, using: &random)
                turns[turn][index] = .random(in: 0...255, using: &random)
            }
            let cut = Int.random(in: 0..<1000, using: &random)
            let course = Self.course(turns) { [Array($0.prefix(cut)), Array($0.dropFirst(cut))] }
            let closes = course.actions.count { if case .close = $0 { true } else { false } }
            #expect(closes <= 1)
        }
    }

    @Test func `random messages never crash a connection`() {
        for seed in 0..<500 as Range<UInt64> {
            var random = SeededRandom(seed: seed)
            var bytes = Connection.handshake().bytes
            for _ in 0..<50 {
                let message = PeerMessageTests.all.randomElement(using: &random) ?? .keepAlive
                PeerMessageEncoder.append(message, to: &bytes)
            }
            #expect(!Self.course([bytes]).actions.isEmpty)
        }
    }
}
