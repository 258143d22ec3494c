import Metainfo
import PeerProtocol
import TestPeer
import Testing
import TorrentCore

@Suite("A test peer's troubles")
struct TroubleTests {
    private func busy(_ change: (inout TestPeerBehaviour) -> Void) throws -> Peer {
        var peer = try Peer {
            $0.rate = 1e6
            $0.delay = .milliseconds(20)
            change(&$0)
        }
        try peer.greet()
        try peer.run(from: 0, to: 990)
        for piece in 0..<6 { try peer.request(0..<64, of: piece, at: 990) }
        return peer
    }

    @Test
    func `a stalled peer sends nothing until its stall ends, and then goes on`() throws {
        var peer = try busy {
            $0.stall = .init(length: .milliseconds(500), start: .after(.milliseconds(300)))
        }
        try peer.run(from: 991, to: 3000)
        // The first request is acted on at 1000; what the link had passed by 1300 leaves by 1310.
        let stalled = try #require(peer.bytes[1310])
        #expect(peer.bytes[1309] != stalled)
        #expect(peer.bytes[1809] == stalled)
        let after = try #require(peer.bytes[2810])
        #expect(abs(after - stalled - 1_000_000) <= 2)
    }

    @Test
    func `a stall after an amount begins when that block has left`() throws {
        var peer = try busy {
            $0.stall = .init(length: .milliseconds(500), start: .bytes(100_000))
        }
        try peer.run(from: 991, to: 1600)
        #expect(peer.count(Peer.isBlock) == 7)
        try peer.run(from: 1601, to: 1700)
        #expect(peer.count(Peer.isBlock) > 7)
    }

    @Test
    func `stalls come again each period`() throws {
        var peer = try busy {
            $0.stall = .init(length: .milliseconds(100), start: .every(.milliseconds(200)))
        }
        try peer.run(from: 991, to: 3000)
        for period in 1...5 as ClosedRange<Int64> {
            let start = 1010 + period * 200
            #expect(peer.bytes[start] == peer.bytes[start + 99])
            #expect(peer.bytes[start + 99] != peer.bytes[start + 150])
        }
    }

    @Test
    func `a choke rejects what waits, and later requests, until it ends`() throws {
        var peer = try busy {
            $0.choke = .init(length: .milliseconds(200), start: .every(.milliseconds(300)))
        }
        try peer.run(from: 991, to: 1400)
        let choked = try #require(peer.time { $0 == .choke })
        // After the block that is on its way.
        #expect((1310...1330).contains(choked))
        #expect(peer.count(Peer.isBlock) + peer.count(Peer.isReject) == 6 * 64)
        let rejected = peer.count(Peer.isReject)
        try peer.request(0..<4, of: 9, at: 1400)
        try peer.run(from: 1401, to: 1520)
        #expect(peer.count(Peer.isReject) == rejected + 4)
        // Its own bytes need the link for a few microseconds of the next one.
        #expect(peer.messages.last { $0.message == .unchoke }?.at == 1511)
    }

    @Test
    func `without the fast extension nothing is rejected`() throws {
        var peer = try Peer {
            $0.rate = 1e6
            $0.choke = .init(length: .seconds(10), start: .after(.milliseconds(50)))
        }
        try peer.greet(reserved: [.extensionProtocol])
        try peer.run(from: 0, to: 100)
        try peer.request(0..<64, at: 100)
        try peer.run(from: 101, to: 500)
        #expect(peer.count { $0 == .choke } == 1)
        #expect(peer.count(Peer.isReject) == 0)
        #expect(peer.count { if case .bitfield = $0 { true } else { false } } == 1)
    }

    @Test
    func `death comes at its time or its amount`() throws {
        var timed = try busy { $0.death = .after(.milliseconds(300)) }
        try timed.run(from: 991, to: 1299)
        #expect(!timed.machine.isDead)
        try timed.run(from: 1300, to: 1300)
        #expect(timed.machine.isDead)

        var counted = try busy { $0.death = .bytes(200_000) }
        try counted.run(from: 991, to: 1150)
        #expect(!counted.machine.isDead)
        try counted.run(from: 1151, to: 1300)
        #expect(counted.machine.isDead)
    }

    @Test
    func `who unchokes nobody rejects every request`() throws {
        var peer = try busy { $0.unchokes = false }
        try peer.run(from: 991, to: 1100)
        #expect(peer.count { $0 == .unchoke } == 0)
        #expect(peer.count(Peer.isReject) == 6 * 64)
    }

    @Test
    func `a cancelled request is rejected, and one on its way is not`() throws {
        var peer = try busy { _ in }
        try peer.run(from: 991, to: 1100)
        let blocks = peer.count(Peer.isBlock)
        let under = peer.info.geometry.block(blocks, of: PieceIndex(0))
        let waiting = peer.info.geometry.block(60, of: PieceIndex(0))
        try peer.send([.cancel(under), .cancel(waiting)], at: 1100)
        try peer.run(from: 1101, to: 3000)
        #expect(peer.count { $0 == .reject(waiting) } == 1)
        #expect(peer.count { $0 == .piece(waiting) } == 0)
        #expect(peer.count { $0 == .piece(under) } == 1)
        #expect(peer.machine.counters.cancelled == 1)
        #expect(peer.machine.counters.lateCancels == 1)
    }

    @Test
    func `requests beyond the limit are rejected`() throws {
        var peer = try busy { $0.requestLimit = 100 }
        try peer.run(from: 991, to: 1100)
        #expect(peer.count(Peer.isReject) == 6 * 64 - 100)
    }
}
