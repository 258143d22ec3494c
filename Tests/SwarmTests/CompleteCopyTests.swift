import Swarm
import Testing
import TorrentCore

@Suite("When a complete copy was last seen")
struct CompleteCopyTests {
    @Test func `while a seed is here, now; after that, since it left`() {
        var world = World("....")
        #expect(world.machine.completeCopySeen(now: world.now) == nil)
        world.connect(1, "**..")
        #expect(world.machine.completeCopySeen(now: world.now) == nil)
        world.connect(2, "****")
        world.now = world.now + .seconds(10)
        #expect(world.machine.completeCopySeen(now: world.now) == .zero)
        world.machine.peerDisconnected(PeerKey(2), now: world.now)
        world.now = world.now + .seconds(10)
        #expect(world.machine.completeCopySeen(now: world.now) == .seconds(10))
    }

    @Test func `the latest that a peer or we have seen counts`() {
        var world = World("....")
        world.now = world.now + .seconds(1000)
        world.machine.peerSawComplete(ago: .seconds(300), now: world.now)
        world.machine.peerSawComplete(ago: .seconds(900), now: world.now)
        #expect(world.machine.completeCopySeen(now: world.now) == .seconds(300))
    }

    @Test func `our own copy counts`() {
        #expect(World("****").machine.completeCopySeen(now: .zero) == .zero)
    }
}
