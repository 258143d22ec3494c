import Swarm
import Testing
import TorrentCore

@Suite("Corrupt pieces")
struct CorruptionTests {
    private static func digests(_ text: String) -> [SHA1Digest] {
        text.utf8.compactMap { SHA1Digest(Array(repeating: $0, count: 20)) }
    }

    private static func keys(_ numbers: [UInt32?]) -> [PeerKey?] {
        numbers.map { $0.map(PeerKey.init) }
    }

    @Test func `the only source of a failed piece is guilty`() {
        var ban = SmartBan()
        let guilty = ban.pieceFailed(
            PieceIndex(0), senders: Self.keys([4, 4, nil]), digests: Self.digests("abc"))
        #expect(guilty == [PeerKey(4)])
    }

    @Test func `whose block differs from the good copy is guilty`() {
        var ban = SmartBan()
        #expect(
            ban.pieceFailed(
                PieceIndex(0), senders: Self.keys([1, 2, 3]), digests: Self.digests("aXc")) == [])
        #expect(ban.isSuspect(PeerKey(3), of: PieceIndex(0)))
        #expect(!ban.isSuspect(PeerKey(3), of: PieceIndex(1)))
        #expect(
            ban.pieceVerified(PieceIndex(0), digests: Self.digests("abc")) == [PeerKey(2)])
        #expect(!ban.hasFailed(PieceIndex(0)))
    }

    @Test func `who sends a block twice with different bytes is guilty`() {
        var ban = SmartBan()
        _ = ban.pieceFailed(
            PieceIndex(0), senders: Self.keys([1, 2]), digests: Self.digests("ax"))
        #expect(
            ban.pieceFailed(
                PieceIndex(0), senders: Self.keys([3, 2]), digests: Self.digests("ay"))
                == [PeerKey(2)])
    }

    @Test func `evidence is bounded`() {
        var ban = SmartBan()
        for piece in 0..<100 {
            _ = ban.pieceFailed(
                PieceIndex(piece), senders: Self.keys([1, 2]), digests: Self.digests("ab"))
        }
        #expect(!ban.hasFailed(PieceIndex(0)))
        #expect(ban.hasFailed(PieceIndex(99)))
    }

    @Test func `a failed piece is fetched again from one innocent peer, and the culprit banned`() {
        var world = World("..", blocks: 4)
        world.connect(1, "**")
        world.connect(2, "**")
        world.turn()
        world.read(1, 0..<1)
        world.turn()
        world.connect(3, "**")
        world.turn()
        for peer in [UInt32(1), 1, 2, 2] { world.answer(peer) }
        #expect(world.log.last == .verify(PieceIndex(0), wantsBlockDigests: false))
        world.machine.pieceFailed(
            PieceIndex(0), blockDigests: Self.digests("abXd"), now: world.now)
        let again = world.turn()
        #expect(again.first == .openPiece(PieceIndex(0)))
        #expect(World.requests(in: again) == ["3:0.0", "3:0.1", "3:0.2", "3:0.3"])
        for _ in 0..<4 { world.answer(3) }
        #expect(world.log.last == .verify(PieceIndex(0), wantsBlockDigests: true))
        let senders = World.requests(in: world.log).prefix(4)
        let culprit: UInt32 = senders.contains("1:0.2") ? 1 : 2
        world.machine.pieceVerified(
            PieceIndex(0), blockDigests: Self.digests("abcd"), now: world.now)
        #expect(world.turn().contains(.ban(PeerKey(culprit), .badBlock(PieceIndex(0)))))
    }

    @Test func `a culprit that has left is banned by address, and asked nothing if it stays`() {
        var world = World("...", blocks: 2, peer: "***", reads: 0..<1)
        world.answer(1)
        world.answer(1)
        world.machine.pieceFailed(PieceIndex(0), blockDigests: [], now: world.now)
        #expect(world.turn() == [.ban(PeerKey(1), .soleSource(PieceIndex(0)))])

        var other = World("...", blocks: 2, peer: "***", reads: 0..<1)
        other.answer(1)
        other.answer(1)
        other.machine.peerDisconnected(PeerKey(1), now: other.now)
        other.machine.pieceFailed(PieceIndex(0), blockDigests: [], now: other.now)
        #expect(
            other.turn() == [.banEndpoint(World.endpoint(1), .soleSource(PieceIndex(0)))])
    }

    @Test func `what a banned peer sent of other pieces is fetched again`() {
        var world = World("...", blocks: 2, peer: "***", reads: 0..<2)
        for _ in 0..<3 { world.answer(1) }
        world.connect(2, "***")
        world.turn()
        world.machine.pieceFailed(PieceIndex(0), blockDigests: [], now: world.now)
        let requests = world.requests().sorted()
        #expect(requests == ["2:0.0", "2:0.1", "2:1.0", "2:1.1"])
    }
}
