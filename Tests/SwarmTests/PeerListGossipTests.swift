import Swarm
import Testing
import TorrentCore

@Suite("Addresses that peers name (BEP 11)")
struct PeerListGossipTests {
    private let namer = IPAddress.v4(0x0900_0001)
    private let other = IPAddress.v4(0x0900_0002)

    private func endpoints(_ numbers: Range<Int>) -> [Endpoint] {
        numbers.map { Endpoint(address: .v4(0x0A00_0000 + UInt32($0)), port: 6881) }
    }

    @Test func `one peer gets a tenth of the list and no more`() {
        var list = PeerList(seed: 1, now: .zero)
        list.add(endpoints(0..<500), source: .gossip, namer: namer, now: .zero)
        #expect(list.count == 200)
        list.add(endpoints(500..<1000), source: .gossip, namer: other, now: .zero)
        #expect(list.count == 400)
    }

    @Test func `whoever calls from one address, and says to listen at many ports, gets as much`() {
        var list = PeerList(seed: 1, now: .zero)
        for port in 2000..<2500 as Range<UInt16> {
            let endpoint = Endpoint(address: namer, port: port)
            list.connected(endpoint, now: .zero)
            list.disconnected(endpoint, wasUseful: true, now: .zero)
        }
        #expect(list.count == 200)
    }

    /// Or whoever runs a tracker, or a node of the DHT, or writes magnet links, has others call
    /// anybody's web server.
    @Test(arguments: [PeerSource.magnet, .tracker, .local, .gossip])
    func `the ports of other services are not dialled`(source: PeerSource) {
        var list = PeerList(seed: 1, now: .zero)
        let ports: [UInt16] = [0, 22, 80, 443, 1023]
        let services = ports.map { Endpoint(address: .v4(0x0A00_0001), port: $0) }
        list.add(services, source: source, now: .zero)
        #expect(list.count == 0)
        #expect(list.nextDial(now: .zero, connections: 0) == nil)
        // The user knows what they do.
        list.add(services, source: .user, now: .zero)
        #expect(list.count == 4)
    }

    @Test func `what a tracker names as well, or what is gone, leaves room in the share`() {
        var list = PeerList(seed: 1, now: .zero)
        list.add(endpoints(0..<200), source: .gossip, namer: namer, now: .zero)
        list.add(endpoints(0..<10), source: .tracker, now: .zero)
        list.withdraw(endpoints(10..<11)[0])
        list.add(endpoints(300..<400), source: .gossip, namer: namer, now: .zero)
        #expect(list.count == 199 + 11)
    }

    @Test func `a peer takes back what it named, and nothing else`() {
        var list = PeerList(seed: 1, now: .zero)
        let all = endpoints(0..<4)
        list.add(all[0..<3], source: .gossip, namer: namer, now: .zero)
        list.add(all[3...], source: .tracker, now: .zero)
        list.add([all[1]], source: .tracker, now: .zero)
        list.connected(all[2], now: .zero)
        for endpoint in all { list.withdraw(endpoint, namedBy: other) }
        #expect(list.count == 4)
        for endpoint in all { list.withdraw(endpoint, namedBy: namer) }
        #expect(!list.contains(all[0]))
        #expect(list.count == 3)
    }

    @Test func `a torrent that turns out to be private forgets what others named`() {
        var list = PeerList(seed: 1, now: .zero)
        let all = endpoints(0..<6)
        list.add(all[0..<4], source: .gossip, namer: namer, now: .zero)
        list.add(all[3..<5], source: .tracker, now: .zero)
        list.connected(all[5], now: .zero)
        list.connected(all[0], now: .zero)
        #expect(list.withdrawGossip() == Set(all[0..<3]))
        #expect(list.count == 3)
    }

    @Test(arguments: [PeerSource.magnet, .local, .gossip], [PeerSource.user, .tracker])
    func `a private torrent keeps whom a tracker or the user names as well`(
        other: PeerSource, keeper: PeerSource
    ) {
        for order in [[other, keeper], [keeper, other]] {
            var list = PeerList(seed: 1, now: .zero)
            let (both, one) = (endpoints(0..<1), endpoints(1..<2))
            for source in order { list.add(both, source: source, now: .zero) }
            list.add(one, source: other, now: .zero)
            #expect(list.withdrawGossip() == Set(one))
            #expect(list.contains(both[0]))
        }
    }
}
