import Swarm
import Testing
import TorrentCore

@Suite("Peers that tell of an address of the other family (BEP 10)")
struct PeerTwinTests {
    private static let v4 = Endpoint(address: .v4(0x0900_0001), port: 6881)
    private static let v6 = Endpoint(address: .v6(0x2001_0DB8 << 32, 1), port: 6881)
    private static let otherV6 = Endpoint(address: .v6(0x2001_0DB8 << 32, 2), port: 6881)
    private var list = PeerList(seed: 1, now: .zero)

    /// What is dialled at a time, one after the other, if each dial fails.
    private mutating func dialled(at seconds: Double) -> [Endpoint] {
        var dialled: [Endpoint] = []
        let now = Timestamp.zero + .seconds(seconds)
        while let next = list.nextDial(now: now, connections: 1) {
            dialled.append(next)
            list.dialFailed(next, now: now)
        }
        return dialled
    }

    @Test mutating func `it is dialled there when the connection has ended, and not before`() {
        list.connected(Self.v4, now: .zero)
        list.add(Self.v6, sameAs: Self.v4, now: .zero)
        #expect(list.contains(Self.v6))
        #expect(list.nextDeadline(connections: 1) == nil)
        #expect(dialled(at: 0) == [])
        list.disconnected(Self.v4, wasUseful: true, now: .zero)
        #expect(dialled(at: 0) == [Self.v6])
    }

    @Test mutating func `of the two one is dialled at a time`() {
        list.connected(Self.v4, now: .zero)
        list.add(Self.v6, sameAs: Self.v4, now: .zero)
        list.disconnected(Self.v4, wasUseful: true, now: .zero)
        #expect(list.nextDial(now: .zero + .seconds(60), connections: 0) != nil)
        #expect(list.nextDial(now: .zero + .seconds(60), connections: 0) == nil)
    }

    @Test mutating func `it is believed once`() {
        list.connected(Self.v4, now: .zero)
        list.add(Self.v6, sameAs: Self.v4, now: .zero)
        list.add(Self.otherV6, sameAs: Self.v4, now: .zero)
        #expect(!list.contains(Self.otherV6))
    }

    @Test(arguments: [
        "9.0.0.2:6881", "[::1]:6881", "[fe80::1]:6881", "[fc00::1]:6881", "[::]:6881",
        "[ff02::1]:6881", "[2001:db8::1]:80", "[2001:db8::1]:0",
    ])
    mutating func `an address of the same family, of a nearer network or of another service is not`(
        text: String
    ) throws {
        list.connected(Self.v4, now: .zero)
        list.add(try #require(Endpoint(text)), sameAs: Self.v4, now: .zero)
        #expect(list.count == 1)
    }

    /// Or one peer could keep us from others by saying that it is them.
    @Test mutating func `whom others name is dialled all the same`() {
        list.connected(Self.v4, now: .zero)
        list.add([Self.otherV6], source: .gossip, namer: .v4(0x0900_0009), now: .zero)
        list.add(Self.otherV6, sameAs: Self.v4, now: .zero)
        #expect(dialled(at: 0) == [Self.otherV6])
    }

    @Test mutating func `so is whom others name later`() {
        list.connected(Self.v4, now: .zero)
        list.add(Self.v6, sameAs: Self.v4, now: .zero)
        #expect(dialled(at: 0) == [])
        list.add([Self.v6], source: .gossip, namer: .v4(0x0900_0009), now: .zero)
        #expect(dialled(at: 0) == [Self.v6])
    }

    @Test mutating func `a host's many ports name no more than its share`() {
        for port in UInt16(2000)..<2400 {
            let peer = Endpoint(address: Self.v4.address, port: port)
            list.connected(peer, now: .zero)
            let other = Endpoint(address: .v6(0x2001_0DB8 << 32, UInt64(port)), port: port)
            list.add(other, sameAs: peer, now: .zero)
        }
        #expect(list.count == 200)
    }

    @Test mutating func `a private torrent forgets it`() {
        list.connected(Self.v4, now: .zero)
        list.add(Self.v6, sameAs: Self.v4, now: .zero)
        #expect(list.withdrawGossip() == [Self.v6])
    }

    @Test mutating func `where both say so, the closed one is not dialled again`() {
        for endpoint in [Self.v4, Self.v6] {
            list.add([endpoint], source: .tracker, now: .zero)
            list.connected(endpoint, now: .zero)
        }
        list.join(Self.v4, Self.v6)
        list.disconnected(Self.v6, wasUseful: true, now: .zero)
        #expect(dialled(at: 100) == [])
        list.disconnected(Self.v4, wasUseful: true, now: .zero)
        #expect(!dialled(at: 100).isEmpty)
    }
}
