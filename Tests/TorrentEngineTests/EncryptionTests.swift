import Metainfo
import PeerProtocol
import Reactor
import Testing
import TorrentCore
import TorrentEngine

@Suite(
    "Connections are encrypted as the policy says", .serialized, .timeLimit(.minutes(10)))
struct EncryptionTests {
    private static func isPlain(_ opening: [UInt8]) -> Bool {
        Handshake.couldStart(with: opening.span)
    }

    @Test(arguments: [
        (EncryptionPolicy.require, EncryptionPolicy.require), (.prefer, .require),
        (.require, .prefer), (.prefer, .off), (.off, .prefer), (.off, .off),
    ])
    func `a reader and a seeder whose policies meet find each other`(
        reader: EncryptionPolicy, seeder: EncryptionPolicy
    ) async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 1_500_000, "small": 100])
        let seeding = try await swarmlet.session { $0.encryption = seeder }
        try await swarmlet.seed(with: seeding)
        let peer = "127.0.0.1:\(seeding.listenPort)"
        let reading = try await swarmlet.session {
            $0.encryption = reader
            $0.peers = [peer]
        }
        try await swarmlet.expectWhole(swarmlet.add(to: reading))
        await swarmlet.end()
    }

    @Test func `a hybrid torrent is found under the hash that an encrypted handshake names`()
        async throws
    {
        let swarmlet = try Swarmlet(sizes: ["big": 300_000], version: .hybrid)
        let seeding = try await swarmlet.session { $0.encryption = .require }
        try await swarmlet.seed(with: seeding)
        let peer = "127.0.0.1:\(seeding.listenPort)"
        let reading = try await swarmlet.session {
            $0.encryption = .require
            $0.peers = [peer]
        }
        try await swarmlet.expectWhole(swarmlet.add(to: reading))
        await swarmlet.end()
    }

    @Test func `a peer that ends the plain handshake is called again at once, encrypted`()
        async throws
    {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000])
        let openings = Condition([[UInt8]]())
        let peer = try ScriptedPeer { wire, number in
            let opening = try wire.read(20)
            openings.update { $0.append(opening) }
            // The plain one is closed at once; the encrypted one is left hanging.
            if number > 0 { wire.drain() }
        }
        let reader = try await swarmlet.session(peers: [peer.port])
        _ = try await swarmlet.add(to: reader)
        let seen = try await blocking {
            openings.wait(until: .later) { $0.count >= 2 ? $0 : nil }
        }
        let forms = try #require(seen)
        #expect(Self.isPlain(forms[0]))
        #expect(!Self.isPlain(forms[1]))
        await swarmlet.end()
    }

    @Test func `where encryption is required, nobody who listens sees the protocol's name`()
        async throws
    {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000])
        let opening = Condition([UInt8]?.none)
        let peer = try ScriptedPeer { wire, _ in
            let bytes = try wire.read(96)
            opening.update { $0 = bytes }
        }
        let reader = try await swarmlet.session {
            $0.encryption = .require
            $0.peers = ["127.0.0.1:\(peer.port)"]
        }
        _ = try await swarmlet.add(to: reader)
        let seen = try await blocking { opening.wait(until: .later) { $0 } }
        #expect(!Self.isPlain(try #require(seen)))
        await swarmlet.end()
    }

    @Test func `where encryption is required, who comes without is closed and not answered`()
        async throws
    {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000])
        let seeding = try await swarmlet.session { $0.encryption = .require }
        try await swarmlet.seed(with: seeding)
        let (port, hash) = (seeding.listenPort, swarmlet.metainfo.info.identity.handshakeHash)
        let isRefused = try await blocking {
            guard let wire = try? Wire(dialling: port), (try? wire.sendHandshake(hash)) != nil
            else { return false }
            return (try? wire.read(1)) == nil
        }
        #expect(isRefused)
        await swarmlet.end()
    }

    @Test(arguments: [1, 95, 96, 500, 700])
    func `strangers who send bytes without meaning are closed, and others are served`(
        length: Int
    ) async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000])
        let seeder = try await swarmlet.seeder()
        let port = seeder.listenPort
        let strangers = try (0..<20).map { number in
            let wire = try Wire(dialling: port)
            var random = SeededRandom(seed: UInt64(number))
            try wire.send((0..<length).map { _ in UInt8.random(in: 0...255, using: &random) })
            return wire
        }
        let reader = try await swarmlet.session(peers: [port])
        try await swarmlet.expectWhole(swarmlet.add(to: reader))
        withExtendedLifetime(strangers) {}
        await swarmlet.end()
    }
}
