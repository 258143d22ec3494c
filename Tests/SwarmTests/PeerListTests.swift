import Swarm
import Testing
import TorrentCore

@Suite("Peer list")
struct PeerListTests {
    private func endpoints(_ range: Range<UInt32>) -> [Endpoint] { range.map(World.endpoint) }

    private func at(_ seconds: Double) -> Timestamp { .zero + .seconds(seconds) }

    private func dials(_ list: inout PeerList, _ now: Timestamp, connections: Int = 0) -> Int {
        var count = 0
        while list.nextDial(now: now, connections: connections + count) != nil { count += 1 }
        return count
    }

    /// Dials an address as soon as it is due, in vain each time; returns for how long it rests.
    private func rests(of peer: Endpoint, in list: inout PeerList, count: Int) -> [Double] {
        var now = Timestamp.zero
        var rests: [Double] = []
        while rests.count < count, list.nextDial(now: now, connections: 0) == peer {
            list.dialFailed(peer, now: now)
            guard let next = list.nextDeadline(connections: 0) else { break }
            rests.append((next - now).seconds)
            now = next
        }
        return rests
    }

    @Test func `a burst, then a steady pace, up to the connection limit`() {
        var list = PeerList(seed: 1, now: .zero)
        list.add(endpoints(1..<500), source: .tracker, now: .zero)
        #expect(dials(&list, .zero) == 30)
        // A millisecond more, as the sum of parts is never quite the whole.
        #expect(list.nextDeadline(connections: 30) == at(0.051))
        #expect(dials(&list, at(1), connections: 30) == 20)
        #expect(dials(&list, at(100), connections: 79) == 1)
        #expect(list.nextDeadline(connections: 80) == nil)
    }

    @Test func `failures back off, and three are enough where there are many addresses`() {
        var list = PeerList(seed: 1, now: .zero)
        let peer = World.endpoint(1)
        list.add([peer], source: .tracker, now: .zero)
        for number in 2..<(2 + UInt32(PeerList.keptCount)) {
            list.connected(World.endpoint(number), now: .zero)
        }
        #expect(list.nextDial(now: .zero, connections: 0) == peer)
        #expect(list.nextDial(now: .zero, connections: 0) == nil)
        list.dialFailed(peer, now: .zero)
        #expect(list.nextDeadline(connections: 0) == at(120))
        #expect(list.nextDial(now: at(119), connections: 0) == nil)
        #expect(list.nextDial(now: at(120), connections: 0) == peer)
        list.dialFailed(peer, now: at(120))
        #expect(list.nextDial(now: at(300), connections: 0) == peer)
        list.dialFailed(peer, now: at(300))
        #expect(list.count == PeerList.keptCount)
        #expect(!list.contains(peer))
    }

    @Test func `the only address is never forgotten, and rests ten minutes at most`() {
        var list = PeerList(seed: 1, now: .zero)
        let peer = World.endpoint(1)
        list.add([peer], source: .tracker, now: .zero)
        #expect(
            rests(of: peer, in: &list, count: 11) == [
                120, 180, 240, 300, 360, 420, 480, 540, 600, 600, 600,
            ])
    }

    @Test func `after a failed handshake the other form is tried at once, and what works is kept`()
    {
        var list = PeerList(seed: 1, now: .zero)
        let peer = World.endpoint(1)
        list.add([peer], source: .tracker, now: .zero)
        #expect(!list.prefersEncryption(peer))
        #expect(list.nextDial(now: .zero, connections: 0) == peer)
        list.handshakeFailed(peer, now: .zero)
        #expect(list.prefersEncryption(peer))
        #expect(list.nextDial(now: .zero, connections: 0) == peer)
        list.connected(peer, now: .zero)
        list.disconnected(peer, wasUseful: true, now: .zero)
        #expect(list.prefersEncryption(peer))
        // Neither form: that counts as one failure.
        #expect(list.nextDial(now: at(10), connections: 0) == peer)
        list.handshakeFailed(peer, now: at(10))
        #expect(!list.prefersEncryption(peer))
        #expect(list.nextDial(now: at(10), connections: 0) == peer)
        list.handshakeFailed(peer, now: at(10))
        #expect(list.nextDial(now: at(10), connections: 0) == nil)
        #expect(list.nextDeadline(connections: 0) == at(130))
    }

    @Test func `an address of the user is tried soon again and never forgotten`() {
        var list = PeerList(seed: 1, now: .zero)
        let peer = World.endpoint(1)
        list.add([peer], source: .user, now: .zero)
        #expect(rests(of: peer, in: &list, count: 9) == [1, 2, 4, 8, 16, 32, 60, 60, 60])
    }

    @Test func `the user's addresses and those without failures go first`() {
        var list = PeerList(seed: 1, now: .zero)
        list.add(endpoints(1..<20), source: .gossip, now: .zero)
        list.add([World.endpoint(77)], source: .tracker, now: .zero)
        list.add([World.endpoint(99)], source: .user, now: .zero)
        #expect(list.nextDial(now: .zero, connections: 0) == World.endpoint(99))
        #expect(list.nextDial(now: .zero, connections: 0) == World.endpoint(77))
    }

    @Test func `connected, banned and unusable addresses are not dialled`() {
        var list = PeerList(seed: 1, now: .zero)
        let peer = World.endpoint(1)
        list.connected(peer, now: .zero)
        #expect(list.isConnected(peer))
        let elsewhere = Endpoint(address: World.endpoint(2).address, port: 7000)
        list.add([World.endpoint(2), elsewhere], source: .tracker, now: .zero)
        list.ban(World.endpoint(2))
        #expect(list.isBanned(elsewhere))
        list.add([World.endpoint(2), elsewhere], source: .tracker, now: .zero)
        list.add(
            [
                Endpoint(address: .v4(0), port: 1), Endpoint(address: .v4(0xE000_0001), port: 1),
                Endpoint(address: .v4(0x0102_0304), port: 0),
            ], source: .tracker, now: .zero)
        #expect(list.nextDial(now: .zero, connections: 0) == nil)
        list.disconnected(peer, wasUseful: true, now: .zero)
        #expect(list.nextDial(now: at(5), connections: 0) == peer)
    }

    @Test func `a ban on the loopback interface is for one port`() {
        var list = PeerList(seed: 1, now: .zero)
        let bad = Endpoint(address: .loopbackV4, port: 1000)
        let good = Endpoint(address: .loopbackV4, port: 1001)
        list.ban(bad)
        #expect(list.isBanned(bad))
        #expect(!list.isBanned(good))
    }

    @Test func `our own address is forgotten for good`() {
        var list = PeerList(seed: 1, now: .zero)
        list.add([World.endpoint(1)], source: .tracker, now: .zero)
        list.forget(World.endpoint(1))
        list.add([World.endpoint(1)], source: .tracker, now: .zero)
        #expect(list.count == 0)
    }

    @Test func `the list is bounded, and better addresses displace worse ones`() {
        var configuration = PeerList.Configuration()
        configuration.candidateLimit = 10
        var list = PeerList(configuration: configuration, seed: 1, now: .zero)
        list.add(endpoints(1..<100), source: .gossip, now: .zero)
        #expect(list.count == 10)
        list.add(endpoints(200..<300), source: .tracker, now: .zero)
        #expect(list.count == 10)
        list.add([World.endpoint(400)], source: .user, now: .zero)
        #expect(list.nextDial(now: .zero, connections: 0) == World.endpoint(400))
    }
}

@Suite("A waiting read calls peers back")
struct PeerListHurryTests {
    private let endpoint = Endpoint(address: .v4(0x0102_0304), port: 5000)

    @Test func `a useful peer that went is due at once, one that failed within a second`() {
        let failed = Endpoint(address: .v4(0x0102_0305), port: 5000)
        var list = PeerList(seed: 1, now: .zero)
        list.add([endpoint, failed], source: .tracker, now: .zero)
        for _ in 0..<2 { _ = list.nextDial(now: .zero, connections: 0) }
        list.connected(endpoint, now: .zero)
        list.disconnected(endpoint, wasUseful: true, now: .zero)
        list.dialFailed(failed, now: .zero)
        #expect(list.nextDial(now: .zero, connections: 0) == nil)
        list.hurry(now: .zero)
        #expect(list.nextDial(now: .zero, connections: 0) == endpoint)
        #expect(list.nextDial(now: .zero, connections: 0) == nil)
        #expect(list.nextDeadline(connections: 0) == Timestamp.zero + PeerList.impatientBackOff)
    }

    @Test func `who goes on failing is tried less and less often, but each minute`() {
        var list = PeerList(seed: 1, now: .zero)
        list.add([endpoint], source: .tracker, now: .zero)
        var now = Timestamp.zero
        var rests: [Double] = []
        while rests.count < 8, list.nextDial(now: now, connections: 0) == endpoint {
            list.dialFailed(endpoint, now: now)
            list.hurry(now: now)
            guard let next = list.nextDeadline(connections: 0) else { break }
            rests.append((next - now).seconds)
            now = next
        }
        #expect(rests == [1, 2, 4, 8, 16, 32, 60, 60])
    }
}
