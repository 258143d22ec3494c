import PeerProtocol
import TestPeer
import Testing
import TorrentCore

@Suite("A test peer's link")
struct LinkTests {
    @Test
    func `a connection pays a round trip before its handshake and one for it`() throws {
        var peer = try Peer { $0.delay = .milliseconds(40) }
        try peer.greet()
        try peer.run(from: 0, to: 200)
        #expect(peer.bytes[79] == 0)
        #expect(peer.time { $0 == .haveAll } == 80)
        #expect(peer.time { $0 == .unchoke } == 80)
    }

    @Test(arguments: [0, 1, 20, 50, 301] as [Int64])
    func `a block leaves a round trip after its request`(delay: Int64) throws {
        var peer = try Peer { $0.delay = .milliseconds(delay) }
        try peer.greet()
        try peer.run(from: 0, to: 1000)
        try peer.request(0..<1, at: 1000)
        try peer.run(from: 1000, to: 2000)
        #expect(peer.time(of: Peer.isBlock) == 1000 + delay)
    }

    @Test(arguments: [(100_000.0, 20), (1e6, 0), (5e6, 50), (40e6, 7)] as [(Double, Int64)])
    func `what is asked for comes at the link's rate`(rate: Double, delay: Int64) throws {
        var peer = try Peer {
            $0.delay = .milliseconds(delay)
            $0.rate = rate
        }
        try peer.greet()
        try peer.run(from: 0, to: 1000)
        let before = try #require(peer.bytes[1000])
        try peer.request(0..<64, at: 1000)
        try peer.run(from: 1001, to: 1000 + delay + 400)
        let start = 1000 + delay
        let all = 64 * (16 * 1024 + 13)
        for moment in stride(from: Int64(0), through: 400, by: 50) {
            let expected = min(all, Int(rate * Double(moment) / 1000))
            let left = try #require(peer.bytes[start + moment]) - before
            #expect(abs(left - expected) <= 1, "\(moment) ms")
        }
    }

    @Test
    func `a link that was looked at late has sent what it should have`() throws {
        var peer = try Peer {
            $0.rate = 1e6
            $0.delay = .milliseconds(10)
        }
        try peer.greet()
        try peer.run(from: 0, to: 700, step: 7)
        let before = try #require(peer.bytes[700])
        try peer.request(0..<64, at: 700)
        try peer.run(from: 707, to: 1400, step: 77)
        let left = try #require(peer.bytes[1400]) - before
        #expect(abs(left - 690_000) <= 1)
    }

    @Test
    func `the deadline comes when there is something to send, and not before`() throws {
        var peer = try Peer {
            $0.rate = 1e6
            $0.delay = .milliseconds(10)
        }
        try peer.greet()
        try peer.run(from: 0, to: 500)
        #expect(peer.machine.nextDeadline == nil)
        try peer.request(0..<1, at: 500)
        #expect(peer.machine.nextDeadline == Peer.time(510))
        let before = try #require(peer.bytes[500])
        var wakeUps = 0
        while let due = peer.machine.nextDeadline {
            let now = due.nanoseconds / 1_000_000 + 1
            try peer.run(from: now, to: now)
            wakeUps += 1
        }
        #expect(peer.bytes.values.max() == before + 16 * 1024 + 13)
        #expect(wakeUps <= 10)
    }
}
