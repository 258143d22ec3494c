import Swarm
import Testing
import TorrentCore

@Suite("Super-seeding peers (BEP 16)")
struct SuperSeedingTests {
    private func requested(_ world: World) -> Set<Int> {
        Set(
            world.log.compactMap { action in
                if case .request(_, let request) = action { request.piece.value } else { nil }
            })
    }

    @Test func `what it offers is fetched while a read waits for a piece that nobody has`() {
        var world = World("........")
        world.connect(1, "....*...")
        world.read(1, 0..<1)
        world.turn()
        #expect(requested(world) == [])
        world.pass(.seconds(1.5))
        #expect(requested(world) == [4])
    }

    @Test func `the next offer is taken up at once`() {
        var world = World("........")
        world.connect(1, "....*...")
        world.read(1, 0..<1)
        world.pass(.seconds(1.5))
        while world.answer(1) {}
        world.verifyAll()
        world.machine.peerHave(PeerKey(1), PieceIndex(6), now: world.now)
        world.turn()
        #expect(requested(world) == [4, 6])
    }

    @Test func `what others got of it is fetched as well, as some offer no more before that`() {
        var world = World("........")
        world.connect(1, "....*...")
        world.connect(2, ".*......")
        world.machine.peerInterested(PeerKey(2), now: world.now)
        world.read(1, 0..<1)
        world.pass(.seconds(1.5))
        #expect(requested(world) == [1, 4])
    }

    @Test
    func `nothing is fetched unasked where no read waits, or somebody has what one waits for`() {
        var world = World("........")
        world.connect(1, "....*...")
        world.pass(.seconds(3))
        #expect(requested(world) == [])
        world.connect(2, "*.......", unchoked: false)
        world.read(1, 0..<1)
        world.pass(.seconds(3))
        #expect(requested(world) == [])
    }

    @Test func `leechers are not followed`() {
        var world = World("............")
        // It wants what we have, or has more than is ever offered.
        world.connect(1, "....*.......")
        world.machine.peerInterested(PeerKey(1), now: world.now)
        world.connect(2, "....*******.")
        world.read(1, 0..<1)
        world.pass(.seconds(3))
        #expect(requested(world) == [])
    }

    @Test func `offers are left alone again when the read has ended`() {
        var world = World("........")
        world.connect(1, "....*...")
        world.read(1, 0..<1)
        world.pass(.seconds(1.5))
        world.endRead(1)
        world.pass(.seconds(0.5))
        world.machine.peerHave(PeerKey(1), PieceIndex(6), now: world.now)
        world.pass(.seconds(3))
        #expect(requested(world) == [4])
    }
}
