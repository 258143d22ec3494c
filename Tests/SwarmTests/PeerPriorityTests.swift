import Swarm
import Testing
import TorrentCore

@Suite("Canonical peer priority (BEP 40)")
struct PeerPriorityTests {
    private static func endpoint(_ text: String) throws -> Endpoint {
        try #require(Endpoint(text))
    }

    @Test(arguments: [
        ("98.76.54.32:1", UInt32(0xec2d_7224)), ("123.213.32.234:1", 0x9956_8189),
    ])
    func `priorities are those of the specification's examples, from either side`(
        other: String, priority: UInt32
    ) throws {
        let own = try Self.endpoint("123.213.32.10:6881")
        let other = try Self.endpoint(other)
        #expect(PeerPriority.of(own, other) == priority)
        #expect(PeerPriority.of(other, own) == priority)
    }

    @Test func `addresses that differ where the mask hides it have the same priority`() throws {
        let own = try Self.endpoint("123.213.32.10:6881")
        #expect(
            PeerPriority.of(own, try Self.endpoint("98.76.54.32:1"))
                == PeerPriority.of(own, try Self.endpoint("98.76.54.160:1")))
        #expect(
            PeerPriority.of(own, try Self.endpoint("123.213.32.1:1"))
                != PeerPriority.of(own, try Self.endpoint("123.213.32.129:1")))
    }

    @Test func `one address is told apart by its ports, and families are not compared`() throws {
        let own = try Self.endpoint("123.213.32.10:6881")
        let near = PeerPriority.of(own, try Self.endpoint("123.213.32.10:6882"))
        #expect(near != nil)
        #expect(near != PeerPriority.of(own, try Self.endpoint("123.213.32.10:6883")))
        #expect(PeerPriority.of(own, try Self.endpoint("[2001:db8::1]:1")) == nil)
    }

    @Test func `once our own address is known, the list dials by priority`() throws {
        var list = PeerList(seed: 1, now: .zero)
        let peers = (1..<30).map { World.endpoint($0 << 16) }
        list.add(peers, source: .tracker, now: .zero)
        let own = try Self.endpoint("123.213.32.10:6881")
        list.setOwnAddress(own)
        // Of the other family, it takes nothing away.
        list.setOwnAddress(try Self.endpoint("[2001:db8::1]:6881"))
        var dialled: [UInt32] = []
        while let peer = list.nextDial(now: .zero, connections: 0) {
            dialled.append(try #require(PeerPriority.of(own, peer)))
        }
        #expect(dialled.count == peers.count)
        #expect(dialled == dialled.sorted(by: >))
    }
}
