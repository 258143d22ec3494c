import Foundation
import Metainfo
import PieceStorage
import Reactor
import Testing
import TorrentCore
import TorrentEngine

@Suite("Sessions exchange torrents on demand", .serialized, .timeLimit(.minutes(10)))
struct SessionTests {
    private static let sizes = [
        "a/one.bin": 200_000, "a/two.bin": 1, "empty": 0, "z.bin": 333_333,
    ]

    @Test(arguments: [TorrentVersion.v1, .hybrid])
    func `every byte of every file comes from the seeder`(version: TorrentVersion) async throws {
        let swarmlet = try Swarmlet(sizes: Self.sizes, version: version)
        let seeder = try await swarmlet.seeder()
        let reader = try await swarmlet.session(peers: [seeder.listenPort])
        let torrent = try await swarmlet.add(to: reader)
        try await swarmlet.expectWhole(torrent)
        await swarmlet.end()
    }

    @Test func `a bare infohash and a peer are enough`() async throws {
        let swarmlet = try Swarmlet(sizes: Self.sizes, version: .hybrid)
        let seeder = try await swarmlet.seeder()
        let reader = try await swarmlet.session(peers: [seeder.listenPort])
        let identity = try #require(swarmlet.metainfo.info.identity.v1)
        let torrent = try await reader.add(.identity(TorrentIdentity(v1: identity))) { _ in }
        #expect(torrent.metainfo.info.identity == swarmlet.metainfo.info.identity)
        try await swarmlet.expectWhole(torrent)
        await swarmlet.end()
    }

    @Test func `nothing is fetched that nobody reads`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 2_000_000])
        let seeder = try await swarmlet.seeder()
        let reader = try await swarmlet.session(peers: [seeder.listenPort], cache: "one")
        let torrent = try await swarmlet.add(to: reader)
        let some = try await swarmlet.read(torrent, "big", offset: 1_000_000, count: 1000)
        #expect(some == swarmlet.files["big"]?[1_000_000..<1_001_000])
        await reader.stop()
        // What the ended session has written is the next one's.
        let again = try await swarmlet.session(peers: [], cache: "one")
        let kept = try await swarmlet.add(to: again)
        #expect(kept.store.cachedPieceCount == 1)
        await swarmlet.end()
    }

    @Test func `a partly cached session serves what it has to others`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 2_000_000])
        let seeder = try await swarmlet.seeder()
        let first = try await swarmlet.session(peers: [seeder.listenPort])
        let torrent = try await swarmlet.add(to: first)
        _ = try await swarmlet.read(torrent, "big", offset: 500_000, count: 300_000)
        await seeder.stop()
        let second = try await swarmlet.session(peers: [first.listenPort])
        let copy = try await swarmlet.add(to: second)
        let some = try await swarmlet.read(copy, "big", offset: 500_000, count: 300_000)
        #expect(some == swarmlet.files["big"]?[500_000..<800_000])
        await swarmlet.end()
    }

    @Test func `a second session reads what the first has cached, without any peer`() async throws {
        let swarmlet = try Swarmlet(sizes: Self.sizes)
        let seeder = try await swarmlet.seeder()
        let first = try await swarmlet.session(peers: [seeder.listenPort], cache: "kept")
        let torrent = try await swarmlet.add(to: first)
        try await swarmlet.expectWhole(torrent)
        await first.stop()
        await seeder.stop()
        let second = try await swarmlet.session(cache: "kept")
        let identity = swarmlet.metainfo.info.identity
        let again = try await second.add(.identity(identity)) { _ in }
        #expect(again.store.cachedPieceCount == swarmlet.metainfo.info.geometry.pieceCount)
        try await swarmlet.expectWhole(again)
        await swarmlet.end()
    }

    @Test func `without upload nothing is served`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 500_000])
        let seeder = try await swarmlet.seeder()
        let first = try await swarmlet.session(peers: [seeder.listenPort], isUploadEnabled: false)
        let torrent = try await swarmlet.add(to: first)
        try await swarmlet.expectWhole(torrent)
        let second = try await swarmlet.session(peers: [first.listenPort])
        let copy = try await swarmlet.add(to: second)
        await #expect(throws: SystemError.self) {
            try await swarmlet.read(copy, "big", patience: .seconds(1))
        }
        let uploaded = await first.statistics().map(\.uploaded)
        #expect(uploaded == [0])
        await swarmlet.end()
    }

    @Test func `giving up on metadata ends the wait at once`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 100])
        let lonely = try await swarmlet.session()
        let identity = swarmlet.metainfo.info.identity
        let task = Task { try await lonely.add(.identity(identity)) { _ in } }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        await #expect(throws: SessionError.cancelled) { try await task.value }
        await swarmlet.end()
    }

    @Test func `a torrent cannot be added twice`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 100])
        let session = try await swarmlet.session()
        _ = try await swarmlet.add(to: session)
        await #expect(throws: SessionError.self) {
            _ = try await swarmlet.add(to: session)
        }
        await swarmlet.end()
    }
}
