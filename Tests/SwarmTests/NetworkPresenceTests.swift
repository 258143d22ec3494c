import Swarm
import Testing
import TorrentCore

@Suite("The network is gone when no interface leads out of the machine for some seconds")
struct NetworkPresenceTests {
    private static let loopback = NetworkPresence.Interface(
        hasLink: true, addresses: [.v4(0x7F00_0001), .v6(0, 1)])
    private static let linkLocal = IPAddress.v6(0xFE80_0000_0000_0000, 7)

    private func ethernet(
        hasLink: Bool = true, _ addresses: [IPAddress] = [.v4(0x0A00_0001), linkLocal]
    ) -> NetworkPresence.Interface {
        NetworkPresence.Interface(hasLink: hasLink, addresses: addresses)
    }

    private func time(_ seconds: Double) -> Timestamp { .zero + .seconds(seconds) }

    @Test func `a short loss is none`() {
        var presence = NetworkPresence()
        #expect(presence.update([Self.loopback, ethernet()], now: time(0)) == nil)
        #expect(presence.nextDeadline == nil)
        #expect(presence.update([Self.loopback], now: time(10)) == nil)
        #expect(presence.nextDeadline == time(13))
        #expect(presence.timerFired(now: time(12.9)) == nil)
        #expect(presence.update([ethernet()], now: time(12.9)) == nil)
        #expect(presence.nextDeadline == nil)
        #expect(presence.timerFired(now: time(20)) == nil)
        #expect(!presence.isGone)
    }

    @Test func `a long one is told once, and so is its end`() {
        var presence = NetworkPresence()
        #expect(presence.update([Self.loopback], now: time(0)) == nil)
        // Further changes that lead nowhere do not begin the wait anew.
        #expect(presence.update([ethernet(hasLink: false)], now: time(2)) == nil)
        #expect(presence.timerFired(now: time(3)) == .gone)
        #expect(presence.isGone)
        #expect(presence.nextDeadline == nil)
        #expect(presence.timerFired(now: time(4)) == nil)
        #expect(presence.update([], now: time(5)) == nil)
        #expect(presence.update([ethernet()], now: time(6)) == .back)
        #expect(!presence.isGone)
        #expect(presence.update([ethernet()], now: time(7)) == nil)
    }

    @Test func `it takes a link and an address that others can call`() {
        let noNetworks: [[NetworkPresence.Interface]] = [
            [], [Self.loopback], [ethernet(hasLink: false)], [ethernet([])],
            [ethernet([Self.linkLocal])],
        ]
        for interfaces in noNetworks {
            var presence = NetworkPresence()
            #expect(presence.update(interfaces, now: time(0)) == nil)
            #expect(presence.timerFired(now: time(3)) == .gone)
        }
        // A machine without a router, or in a network without IPv4.
        for address in [IPAddress.v4(0xA9FE_0001), .v6(0xFD00_0000_0000_0000, 1)] {
            var presence = NetworkPresence()
            _ = presence.update([ethernet([address])], now: time(0))
            #expect(presence.timerFired(now: time(3)) == nil)
        }
    }
}
