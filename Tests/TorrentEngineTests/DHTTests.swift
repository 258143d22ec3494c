import DHTProtocol
import Foundation
import Metainfo
import PieceStorage
import Testing
import TorrentCore

@testable import TorrentEngine

@Suite("Peers from the DHT (BEP 5)", .serialized, .timeLimit(.minutes(10)))
struct DHTTests {
    /// A session whose node begins with those of others.
    private static func session(
        _ swarmlet: Swarmlet, entrances: [Session], peers: [Session] = []
    ) async throws -> Session {
        try await swarmlet.session {
            $0.dht = DHTOptions(bootstrap: entrances.map { "127.0.0.1:\($0.listenPort)" })
            $0.peers = peers.map { "127.0.0.1:\($0.listenPort)" }
        }
    }

    /// Looks again and again until the node's figures are as wanted; the suite has a time limit.
    private static func wait(
        _ session: Session, until condition: (DHTStatistics) -> Bool
    ) async throws {
        while true {
            if let figures = await session.dhtStatistics(), condition(figures) { return }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test func `a bare infohash finds who has announced it`() async throws {
        let swarmlet = try Swarmlet(sizes: ["a.bin": 100_000])
        let entrance = try await Self.session(swarmlet, entrances: [])
        let seeder = try await Self.session(swarmlet, entrances: [entrance])
        try await swarmlet.seed(with: seeder)
        let reader = try await Self.session(swarmlet, entrances: [entrance])
        let torrent = try await reader.add(.identity(swarmlet.metainfo.info.identity)) { _ in }
        try await swarmlet.expectWhole(torrent)
        await swarmlet.end()
    }

    @Test func `a hybrid is announced under both hashes`() async throws {
        let swarmlet = try Swarmlet(sizes: ["a.bin": 100_000], version: .hybrid)
        let entrance = try await Self.session(swarmlet, entrances: [])
        let seeder = try await Self.session(swarmlet, entrances: [entrance])
        try await swarmlet.seed(with: seeder)
        try await Self.wait(entrance) { $0.torrents == 2 && $0.peers == 2 }
        await swarmlet.end()
    }

    @Test func `peers tell each other where their nodes are`() async throws {
        let swarmlet = try Swarmlet(sizes: ["a.bin": 100_000])
        let seeder = try await Self.session(swarmlet, entrances: [])
        try await swarmlet.seed(with: seeder)
        let reader = try await Self.session(swarmlet, entrances: [], peers: [seeder])
        _ = try await swarmlet.add(to: reader)
        try await Self.wait(reader) { $0.nodes[.v4] == 1 }
        try await Self.wait(seeder) { $0.nodes[.v4] == 1 }
        await swarmlet.end()
    }

    @Test func `a private torrent is never told to the DHT`() async throws {
        let swarmlet = try Swarmlet(sizes: ["a.bin": 100_000])
        let entrance = try await Self.session(swarmlet, entrances: [])
        let seeder = try await Self.session(swarmlet, entrances: [entrance])
        let data = swarmlet.folder.appendingPathComponent("data/set").path
        var options = TorrentOptions()
        options.version = .v1
        options.isPrivate = true
        let metainfo = try TorrentCreator(path: data, options: options).create()
        _ = try await seeder.seed(metainfo, dataPath: data, trust: false) { _ in }
        // The public one, which comes after it, is told.
        try await swarmlet.seed(with: seeder)
        try await Self.wait(entrance) { $0.torrents >= 1 }
        try await Self.wait(seeder) { $0.lookups == 0 }
        #expect(await entrance.dhtStatistics()?.torrents == 1)
        await swarmlet.end()
    }

    @Test func `a session without a node asks and answers nothing`() async throws {
        let swarmlet = try Swarmlet(sizes: ["a.bin": 1000])
        let silent = try await swarmlet.session()
        #expect(await silent.dhtStatistics() == nil)
        let other = try await Self.session(swarmlet, entrances: [silent])
        try await Self.wait(other) { $0.questions > 0 && $0.lookups == 0 }
        #expect(await other.dhtStatistics()?.answers == 0)
        await swarmlet.end()
    }

    @Test func `the table is kept, and its IDs are taken over by one session only`() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("swarmfs-dht-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("dht").path
        var random = SeededRandom(seed: 1)
        var state = DHTSavedState()
        state.ids[.v4] = NodeID(random: &random)
        state.contacts = [
            NodeContact(
                id: NodeID(random: &random),
                endpoint: try #require(Endpoint("93.184.216.34:6881")))
        ]
        let first = DHTStateFile(path: path)
        #expect(first.read() == DHTSavedState())
        first.write(state)
        while first.read() != state { try await Task.sleep(for: .milliseconds(10)) }
        let second = DHTStateFile(path: path)
        #expect(second.read().contacts == state.contacts)
        #expect(second.read().ids.isEmpty)
        try Data("junk".utf8).write(to: URL(fileURLWithPath: path))
        #expect(first.read() == DHTSavedState())
    }
}
