import Foundation
import Metainfo
import PeerProtocol
import Reactor
import Testing
import TorrentCore
import TorrentEngine

@Suite("Connections come, go and are limited", .serialized, .timeLimit(.minutes(10)))
struct ConnectionTests {
    @Test func `a hundred strangers who say nothing keep nobody out`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000])
        let seeder = try await swarmlet.seeder()
        let strangers = try (0..<100).map { _ in try Wire(dialling: seeder.listenPort) }
        let reader = try await swarmlet.session(peers: [seeder.listenPort])
        try await swarmlet.expectWhole(swarmlet.add(to: reader))
        withExtendedLifetime(strangers) {}
        await swarmlet.end()
    }

    @Test func `idle peers make room for one that wants something`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000])
        let hash = swarmlet.metainfo.info.identity.handshakeHash
        let seeder = try await swarmlet.seeder()
        let port = seeder.listenPort
        let idle = try await blocking {
            (0..<40).compactMap { number -> IdlePeer? in
                guard let wire = try? Wire(dialling: port) else { return nil }
                try? wire.sendHandshake(hash, id: "-XX0001-idle\(10_000_000 + number)")
                try? wire.readHandshake()
                return IdlePeer(wire)
            }
        }
        #expect(idle.count == 40)
        #expect(await seeder.statistics().first?.peers == 32)
        let reader = try await swarmlet.session(peers: [port])
        try await swarmlet.expectWhole(swarmlet.add(to: reader))
        withExtendedLifetime(idle) {}
        await swarmlet.end()
    }

    /// A connection that a test holds on to and leaves alone.
    private struct IdlePeer: @unchecked Sendable {
        // Safe: nothing uses it once it is here.
        private let wire: Wire
        init(_ wire: Wire) { self.wire = wire }
    }

    @Test func `many requests without reading the answers fill no memory, and others are served`()
        async throws
    {
        let swarmlet = try Swarmlet(sizes: ["big": 2_000_000])
        let seed = ScriptedSeed(swarmlet)
        let seeder = try await swarmlet.seeder()
        let port = seeder.listenPort
        let isFlooded = Signal()
        let done = Signal()
        _ = try Thread(name: "test-flood") {
            guard let wire = try? Wire(dialling: port, receiveBuffer: 4096) else { return }
            try? wire.sendHandshake(seed.hash)
            try? wire.readHandshake()
            try? wire.send(.interested)
            while let message = try? wire.next(), message != .unchoke {}
            var requests: [UInt8] = []
            for piece in 0..<60 {
                for begin in [0, 16384] {
                    let block = BlockRequest(
                        piece: PieceIndex(piece), begin: begin, length: 16384)
                    PeerMessageEncoder.append(.request(block), to: &requests)
                }
            }
            wire.flood(requests, times: 2000)
            isFlooded.fire()
            done.wait()
        }
        #expect(try await isFlooded.hasFired())
        let sent = try #require(await seeder.statistics().first?.uploaded)
        // What the queues of both sides hold.
        #expect(sent < 32 << 20)
        let reader = try await swarmlet.session(peers: [port])
        try await swarmlet.expectWhole(swarmlet.add(to: reader))
        done.fire()
        await swarmlet.end()
    }

    @Test(arguments: ["!!!!!!!!!!!!!!!!!!!!", "~~~~~~~~~~~~~~~~~~~~"])
    func `of two that dial each other at once, one connection stays`(id: String) async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000])
        let seed = ScriptedSeed(swarmlet)
        let ourPort = Condition<UInt16?>(nil)
        let peerWins = id.hasPrefix("~")
        let peer = try ScriptedPeer { wire, number in
            guard number == 0, let port = ourPort.wait({ $0 }) else { return }
            try wire.readHandshake()
            // The second connection is accepted before the first is answered.
            let dialled = try Wire(dialling: port)
            try dialled.sendHandshake(seed.hash, id: id)
            try dialled.readHandshake()
            try wire.sendHandshake(seed.hash, id: id)
            let (kept, closed) = peerWins ? (dialled, wire) : (wire, dialled)
            closed.drain()
            try kept.send(.haveAll)
            try seed.serve(kept)
        }
        let session = try await swarmlet.session(peers: [peer.port])
        ourPort.update { $0 = session.listenPort }
        let torrent = try await swarmlet.add(to: session)
        _ = try await swarmlet.read(torrent, "big", count: 10)
        #expect(await session.statistics().first?.peers == 1)
        await swarmlet.end()
    }

    @Test func `a seed that closed between or within reads is called back`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 200_000])
        let seed = ScriptedSeed(swarmlet)
        let peer = try ScriptedPeer { wire, number in
            try seed.greet(wire)
            try wire.send(.unchoke)
            guard number < 3 else { return try seed.serve(wire) }
            // The first gives a whole piece, the others close with a read half done.
            for _ in 0..<(number == 0 ? 2 : 1) { try seed.answer(wire, wire.nextRequest()) }
        }
        let reader = try await swarmlet.session(peers: [peer.port])
        let torrent = try await swarmlet.add(to: reader)
        _ = try await swarmlet.read(torrent, "big", count: 10)
        #expect(try await peer.haveEnded(1))
        try await swarmlet.expectWhole(torrent)
        await swarmlet.end()
    }

    @Test
    func `a peer that a tracker named and that failed is soon tried again while a read waits`()
        async throws
    {
        let swarmlet = try Swarmlet(sizes: ["big": 200_000])
        let seed = ScriptedSeed(swarmlet)
        let peer = try ScriptedPeer { wire, number in
            // Two dials, each in both forms.
            guard number >= 4 else { return }
            try seed.greet(wire)
            try seed.serve(wire)
        }
        let port = peer.port
        let tracker = try HTTPTestServer { exchange in
            let address: [UInt8] = [127, 0, 0, 1, UInt8(port >> 8), UInt8(port & 255)]
            exchange.answer(Array("d8:intervali1800e5:peers6:".utf8) + address + Array("e".utf8))
        }
        let reader = try await swarmlet.session { $0.trackers = [tracker.url("/announce")] }
        try await swarmlet.expectWhole(swarmlet.add(to: reader))
        await swarmlet.end()
    }

    /// In a process of its own, whose descriptors it may use up.
    @Test func `without descriptors nobody is accepted and nothing spins, until there are some`()
        async
    {
        await #expect(processExitsWith: .success) {
            let swarmlet = try Swarmlet(sizes: ["big": 100_000])
            let hash = swarmlet.metainfo.info.identity.handshakeHash
            let seeder = try await swarmlet.seeder()
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = min(limit.rlim_cur, 256)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            var taken: [Int32] = []
            while case let copy = dup(STDERR_FILENO), copy >= 0 { taken.append(copy) }
            #expect(!taken.isEmpty)
            close(taken.removeLast())
            let wire = try Wire(dialling: seeder.listenPort)
            let before = clock()
            usleep(1_000_000)
            // A loop that spins takes all of that second where the machine is idle.
            #expect(Double(clock() - before) / Double(CLOCKS_PER_SEC) < 0.3)
            for copy in taken { close(copy) }
            try wire.sendHandshake(hash)
            try wire.readHandshake()
            #expect(wire.remote?.infoHash == hash)
            await swarmlet.end()
        }
    }

    @Test func `peers meet over IPv6`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000])
        let loopback = try #require(IPAddress("::1"))
        let seeder = try await swarmlet.session {
            $0.listen = [ListenAddress(address: loopback, port: 0)]
        }
        try await swarmlet.seed(with: seeder)
        let reader = try await swarmlet.session {
            $0.peers = ["[::1]:\(seeder.listenPort)"]
        }
        try await swarmlet.expectWhole(swarmlet.add(to: reader))
        await swarmlet.end()
    }

    @Test func `a read that only chokers could serve times out and says so`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000])
        let seed = ScriptedSeed(swarmlet)
        let isGreeted = Signal()
        let peer = try ScriptedPeer { wire, _ in
            try seed.greet(wire)
            while try wire.next() != .interested {}
            isGreeted.fire()
            wire.drain()
        }
        let reader = try await swarmlet.session(peers: [peer.port])
        let torrent = try await swarmlet.add(to: reader)
        #expect(try await isGreeted.hasFired())
        let log = swarmlet.folder.appendingPathComponent("log").path
        // Never closed: a test beside this one may be about to write a line to it, which would
        // otherwise end up in whatever gets the number next.
        let descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        Log.configure(level: .info, descriptor: descriptor)
        await #expect(throws: SystemError.self) {
            try await swarmlet.read(torrent, "big", patience: .milliseconds(50))
        }
        let isLogged = try await blocking {
            let deadline = Timestamp.later
            while Timestamp.now() < deadline {
                let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
                if text.contains("big: a read of pieces"), text.contains("choke") { return true }
            }
            return false
        }
        Log.configure(level: .info)
        #expect(isLogged)
        await swarmlet.end()
    }

    @Test func `questions after the end are answered`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 100])
        let session = try await swarmlet.session()
        _ = try await swarmlet.add(to: session)
        await session.stop()
        #expect(await session.statistics().isEmpty)
        await #expect(throws: SessionError.cancelled) { _ = try await swarmlet.add(to: session) }
        await swarmlet.end()
    }

    @Test func `a task cancelled before it asks for metadata does not wait`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 100])
        let lonely = try await swarmlet.session()
        let identity = swarmlet.metainfo.info.identity
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await lonely.add(.identity(identity)) { _ in }
        }
        await #expect(throws: SessionError.cancelled) { try await task.value }
        await swarmlet.end()
    }
}
