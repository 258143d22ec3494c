import Foundation
import Reactor
import Synchronization
import Testing
import TorrentCore

@testable import TorrentEngine

@Suite("Sessions exchange torrents over uTP (BEP 29)", .serialized, .timeLimit(.minutes(10)))
struct UTPSessionTests {
    @Test(arguments: [0, 0.03])
    func `a peer without TCP is reached, whatever its path loses`(loss: Double) async throws {
        let swarmlet = try Swarmlet(sizes: ["a": 1_500_000, "b": 500_000])
        let seeder = try await swarmlet.seeder()
        let relay = try UDPRelay(to: seeder.listenPort, loss: loss)
        let reader = try await swarmlet.session(peers: [relay.endpoint.port])
        let torrent = try await swarmlet.add(to: reader)
        #expect(try await swarmlet.read(torrent, "a") == swarmlet.files["a"])
        #expect(await reader.statistics().map(\.peersOverUTP) == [1])
        #expect(await seeder.statistics().map(\.peersOverUTP) == [1])
        relay.stop()
        await swarmlet.end()
    }

    @Test func `with encryption required it is encrypted too`() async throws {
        let swarmlet = try Swarmlet(sizes: ["a": 300_000, "b": 300_000])
        let seeder = try await swarmlet.session { $0.encryption = .require }
        try await swarmlet.seed(with: seeder)
        let relay = try UDPRelay(to: seeder.listenPort)
        let port = relay.endpoint.port
        let reader = try await swarmlet.session {
            $0.peers = ["127.0.0.1:\(port)"]
            $0.encryption = .require
        }
        let torrent = try await swarmlet.add(to: reader)
        #expect(try await swarmlet.read(torrent, "a") == swarmlet.files["a"])
        #expect(await reader.statistics().map(\.peersOverUTP) == [1])
        relay.stop()
        await swarmlet.end()
    }

    @Test func `who accepts TCP is reached over TCP`() async throws {
        let swarmlet = try Swarmlet(sizes: ["a": 300_000, "b": 300_000])
        let seeder = try await swarmlet.seeder()
        let reader = try await swarmlet.session(peers: [seeder.listenPort])
        let torrent = try await swarmlet.add(to: reader)
        #expect(try await swarmlet.read(torrent, "a") == swarmlet.files["a"])
        #expect(await reader.statistics().map(\.peersOverUTP) == [0])
        await swarmlet.end()
    }

    @Test func `a session without uTP neither asks for it nor answers`() async throws {
        let swarmlet = try Swarmlet(sizes: ["a": 300_000, "b": 300_000])
        let seeder = try await swarmlet.session { $0.isUTPEnabled = false }
        try await swarmlet.seed(with: seeder)
        let stranger = try DatagramSocket(Endpoint(address: .loopbackV4, port: 0))
        let syn: [UInt8] = [0x41, 0, 0, 9] + [UInt8](repeating: 0, count: 12) + [0, 1, 0, 0]
        stranger.send(syn, to: Endpoint(address: .loopbackV4, port: seeder.listenPort))
        let relay = try UDPRelay(to: seeder.listenPort)
        let (relayed, direct) = (relay.endpoint.port, seeder.listenPort)
        let reader = try await swarmlet.session {
            $0.isUTPEnabled = false
            $0.peers = ["127.0.0.1:\(relayed)", "127.0.0.1:\(direct)"]
        }
        let torrent = try await swarmlet.add(to: reader)
        try await swarmlet.expectWhole(torrent)
        #expect(relay.count.load(ordering: .relaxed) == 0)
        // The seeder has taken many turns since.
        #expect(stranger.receive() == nil)
        relay.stop()
        await swarmlet.end()
    }

    @Test func `what ends a session ends its connections`() async throws {
        let swarmlet = try Swarmlet(sizes: ["a": 300_000, "b": 300_000])
        let seeder = try await swarmlet.seeder()
        let relay = try UDPRelay(to: seeder.listenPort)
        let reader = try await swarmlet.session(peers: [relay.endpoint.port])
        let torrent = try await swarmlet.add(to: reader)
        #expect(try await swarmlet.read(torrent, "a") == swarmlet.files["a"])
        await reader.stop()
        let deadline = Timestamp.later
        while await seeder.statistics().contains(where: { $0.peers > 0 }), .now() < deadline {
            await Task.yield()
        }
        #expect(await seeder.statistics().map(\.peers) == [0])
        relay.stop()
        await swarmlet.end()
    }
}
