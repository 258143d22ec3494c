import Foundation
import Glibc
import Metainfo
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("A cache that cannot be used is refused in one line")
struct CacheRefusalTests {
    private func refusal(_ path: String) -> StorageError? {
        do throws(StorageError) {
            _ = try CacheDirectory(path: path)
            return nil
        } catch {
            #expect(!error.description.contains("\n"))
            return error
        }
    }

    @Test func `a file in its place`() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/file"
        try Data("x".utf8).write(to: URL(fileURLWithPath: path))
        #expect(refusal(path) == .notADirectory(path: path))
        #expect(refusal("\(path)/below") == .notADirectory(path: "\(path)/below"))
    }

    @Test func `a catalogue that is no database`() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/catalogue.sqlite"
        let text = Data(String(repeating: "not a database, ", count: 200).utf8)
        try text.write(to: URL(fileURLWithPath: path))
        #expect(refusal(directory.path) == .foreignCatalogue(path: path))
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == text)
    }

    @Test func `another program's database`() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/catalogue.sqlite"
        try Database(path: path).execute("CREATE TABLE photos(id)")
        #expect(refusal(directory.path) == .foreignCatalogue(path: path))
        try Database(path: path).execute("PRAGMA application_id = 99")
        #expect(refusal(directory.path) == .foreignCatalogue(path: path))
    }

    @Test func `a newer layout`() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/catalogue.sqlite"
        _ = try CacheDirectory(path: directory.path)
        let version = Int(CatalogueSchema.version) + 1
        try Database(path: path).execute("PRAGMA user_version = \(version)")
        #expect(refusal(directory.path) == .newerCatalogue(path: path, version: version))
    }

    @Test func `a path that cannot be made`() {
        guard case .cacheUnusable = refusal("/proc/no/such/cache") else {
            Issue.record("a cache in /proc was accepted")
            return
        }
    }

    @Test func `new directories belong to their owner alone`() throws {
        let directory = try TemporaryDirectory()
        _ = try CacheDirectory(path: "\(directory.path)/x/y/")
        for path in ["x", "x/y"] {
            var status = stat()
            #expect(stat("\(directory.path)/\(path)", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o700)
        }
    }

    @Test func `a torrent in use says by which process`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(100, pieceLength: 16_384)
        var policy = CachePolicy()
        policy.mountpoint = "/mnt/a\nb"
        let cache = try CacheDirectory(path: directory.path, policy: policy)
        let pools = try makePools()
        var store: PieceStore? = try PieceStore(torrent, in: cache, pools: pools)
        #expect(store != nil)
        let expected = StorageError.inUse(
            torrent: torrent.metainfo.info.identity.description,
            holder: TorrentHolder(process: getpid(), mountpoint: "/mnt/a\nb"))
        #expect(throws: expected) {
            try PieceStore(torrent, in: cache, pools: pools)
        }
        #expect(expected.description.contains("process \(getpid()), mounted at /mnt/a"))
        // Other torrents of the cache are free, and so is this one afterwards.
        let other = try SampleTorrent.single(101, pieceLength: 16_384)
        _ = try PieceStore(other, in: cache, pools: pools)
        store = nil
        _ = try PieceStore(torrent, in: cache, pools: pools)
    }

    @Test func `two processes may share a directory`() throws {
        let directory = try TemporaryDirectory()
        let torrents = try (1...2).map {
            try SampleTorrent.single(50_000 * $0, pieceLength: 16_384)
        }
        let pools = try makePools()
        let stores = try torrents.map { torrent in
            try PieceStore(torrent, in: CacheDirectory(path: directory.path), pools: pools)
        }
        for (store, torrent) in zip(stores, torrents) {
            store.putAll(torrent)
            #expect(store.close(until: .later))
        }
        let third = try CacheDirectory(path: directory.path)
        for torrent in torrents {
            let id = try third.catalogue.register(torrent.metainfo.info)
            #expect(
                try third.catalogue.cached(of: id, pieceCount: torrent.geometry.pieceCount).isFull)
        }
    }
}
