import Metainfo
import Reactor
import Testing
import TorrentCore
import TorrentEngine

@Suite("Machines of one network find each other (BEP 14)", .serialized, .timeLimit(.minutes(10)))
struct LocalDiscoveryTests {
    /// On the loopback interface and nowhere else.
    private static func session(_ swarmlet: Swarmlet) async throws -> Session {
        try await swarmlet.session { $0.localDiscovery = .interfaces(["lo"]) }
    }

    @Test func `a reader that knows nobody finds the seed`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000])
        let seeder = try await Self.session(swarmlet)
        try await swarmlet.seed(with: seeder)
        let reader = try await Self.session(swarmlet)
        try await swarmlet.expectWhole(swarmlet.add(to: reader))
        await swarmlet.end()
    }

    @Test func `a private torrent is neither announced nor found`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000], isPrivate: true)
        let other = try MulticastSocket(group: Self.group)
        let loopback = try #require(NetworkInterface.all.first { $0.name == "lo" })
        #expect(other.join(loopback))
        let seeder = try await Self.session(swarmlet)
        try await swarmlet.seed(with: seeder)
        // Another torrent of the same session, whose announcement shows that the first had its turn.
        let open = try Swarmlet(sizes: ["big": 100_000], seed: 2)
        let reader = try await swarmlet.session {
            $0.localDiscovery = .interfaces(["lo"])
            $0.seed = 99
        }
        _ = try await swarmlet.add(to: reader)
        _ = try await open.add(to: reader)
        let wanted = "\(open.metainfo.info.identity.handshakeHash)"
        let secret = "\(swarmlet.metainfo.info.identity.handshakeHash)"
        let heard = try await Self.listen(other, until: wanted)
        #expect(heard.contains { $0.contains(wanted) })
        #expect(!heard.contains { $0.contains(secret) })
        await swarmlet.end()
        await open.end()
    }

    private static let group = Endpoint(address: .v4(0xEFC0_988F), port: 6771)

    /// What is announced until somebody names `infoHash`.
    private static func listen(
        _ socket: consuming MulticastSocket, until infoHash: String
    ) async throws -> [String] {
        let deadline = Timestamp.later
        var heard: [String] = []
        while Timestamp.now() < deadline {
            while let (bytes, _) = socket.receive(limit: 2000) {
                heard.append(String(decoding: bytes, as: UTF8.self))
            }
            if heard.contains(where: { $0.contains(infoHash) }) { return heard }
            try await Task.sleep(for: .milliseconds(20))
        }
        return heard
    }
}
