import Foundation
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("The cache outlives the process")
struct CacheTests {
    @Test func `what was committed is read again without hashing`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.v1(
            SampleTorrent.files([100_000, 0, 5, 70_001, 300_000]), pieceLength: 32_768)
        do {
            let cache = try CacheDirectory(path: "\(directory.path)/a/b/cache")
            let store = try PieceStore(
                metainfo: torrent.metainfo, location: .cache(cache), pools: makePools())
            #expect(store.cached.isEmpty)
            store.putAll(torrent)
            #expect(store.isComplete(torrent))
            #expect(store.cachedBytes == torrent.layout.payloadLength)
            #expect(store.close(until: .later))
        }
        let cache = try CacheDirectory(path: "\(directory.path)/a/b/cache")
        let pools = try makePools()
        let store = try PieceStore(
            metainfo: torrent.metainfo, location: .cache(cache), pools: pools)
        #expect(store.cached.isFull)
        #expect(store.isComplete(torrent))
        #expect(store.cachedBytes == torrent.layout.payloadLength)
        #expect(pools.counters.hashedBytes == 0)
    }

    @Test func `a torrent is known by either hash`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.hybrid(
            SampleTorrent.files([100_000, 50_000]), pieceLength: 32_768)
        let cache = try CacheDirectory(path: directory.path)
        let identity = torrent.metainfo.info.identity
        let v1 = TorrentIdentity(v1: try #require(identity.v1))
        let v2 = TorrentIdentity(v2: try #require(identity.v2))
        #expect(cache.metainfo(for: v1) == nil)
        let store = try PieceStore(torrent, in: cache)
        #expect(store.close(until: .later))
        let again = try CacheDirectory(path: directory.path)
        for (cache, identity) in [(cache, v1), (cache, v2), (again, v2)] {
            #expect(
                cache.metainfo(for: identity)?.encoded() == torrent.metainfo.encoded())
        }
    }

    @Test func `metainfo that is another's, or damaged, is none`() throws {
        let directory = try TemporaryDirectory()
        let torrents = try [50_000, 60_000].map {
            try SampleTorrent.single($0, pieceLength: 16_384)
        }
        let cache = try CacheDirectory(path: directory.path)
        for torrent in torrents {
            #expect(try PieceStore(torrent, in: cache).close(until: .later))
        }
        let files = torrents.map { "\(directory.path)/\($0.metainfo.info.identity)/metainfo" }
        #expect(rename(files[1], files[0]) == 0)
        #expect(cache.metainfo(for: torrents[0].metainfo.info.identity) == nil)
        #expect(cache.metainfo(for: torrents[1].metainfo.info.identity) == nil)
        // A mount that has it from elsewhere puts it right.
        #expect(try PieceStore(torrents[0], in: cache).close(until: .later))
        #expect(cache.metainfo(for: torrents[0].metainfo.info.identity) != nil)
        #expect(truncate(files[0], 100) == 0)
        #expect(cache.metainfo(for: torrents[0].metainfo.info.identity) == nil)
    }

    @Test func `metainfo of a catalogue that held it goes to the torrent's folder`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(50_000, pieceLength: 16_384)
        let identity = torrent.metainfo.info.identity
        do {
            let cache = try CacheDirectory(path: directory.path)
            let store = try PieceStore(torrent, in: cache)
            store.putAll(torrent)
            #expect(store.close(until: .later))
            try cache.catalogue.withDatabase { database throws(Database.Failure) in
                try database.execute(
                    """
                    DROP TABLE blocks;
                    CREATE TABLE metainfos(torrent INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
                    PRAGMA user_version = 4;
                    """)
                try database.run(
                    "INSERT INTO metainfos SELECT id, ? FROM torrents",
                    .blob(torrent.metainfo.encoded()))
            }
        }
        #expect(unlink("\(directory.path)/\(identity)/metainfo") == 0)
        let cache = try CacheDirectory(path: directory.path)
        #expect(cache.metainfo(for: identity)?.encoded() == torrent.metainfo.encoded())
        #expect(try PieceStore(torrent, in: cache).cached.isFull)
    }

    @Test func `no name from the torrent reaches the cache, and padding is never stored`() throws {
        let directory = try TemporaryDirectory()
        var files = SampleTorrent.files([40_000, 50_000, 7])
        files[0].path = ["..", "..", "etc", "passwd"]
        let torrent = try SampleTorrent.hybrid(
            SampleTorrent.files([40_000, 50_000, 7]), pieceLength: 32_768)
        let cache = try CacheDirectory(path: "\(directory.path)/cache")
        let store = try PieceStore(
            metainfo: torrent.metainfo, location: .cache(cache), pools: makePools())
        store.putAll(torrent)
        let folder = torrent.metainfo.info.identity.description
        let stored = torrent.files.indices.filter { !torrent.files[$0].isPadding }
        #expect(
            directory.regularFiles(below: "cache/\(folder)")
                == (stored.map { "files/0/\($0)" } + ["lock", "metainfo"]).sorted())
        #expect(store.isComplete(torrent))
    }

    @Test func `ranges join, split and survive reopening`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(16_384 * 200, pieceLength: 16_384)
        let cache = try CacheDirectory(path: directory.path)
        let id = try cache.catalogue.register(torrent.metainfo.info)
        var random = SeededRandom(seed: 7)
        var expected = Bitfield(count: 200)
        for round in 0..<300 {
            let start = Int.random(in: 0..<200, using: &random)
            let end = min(200, start + Int.random(in: 1...9, using: &random))
            let pieces = PieceIndex(start)..<PieceIndex(end)
            let isAddition = round % 3 != 0
            if isAddition {
                try cache.catalogue.add([
                    Catalogue.Addition(
                        torrent: id, pieces: { Array(pieces).shuffled() }, bytes: { 0 })
                ])
            } else {
                try cache.catalogue.remove(pieces, of: id)
            }
            for piece in pieces { expected[piece] = isAddition }
            #expect(try cache.catalogue.cached(of: id, pieceCount: 200) == expected)
        }
        let rows = try cache.catalogue.withDatabase { database throws(Database.Failure) in
            try database.number("SELECT count(*) FROM ranges")
        }
        #expect(rows == Int64(expected.runs.count))
    }

    @Test func `a file that was deleted makes its pieces missing, also after a restart`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.v1(
            SampleTorrent.files([65_536, 65_536]), pieceLength: 16_384)
        let folder = torrent.metainfo.info.identity.description
        let lost = Locked<[PieceIndex]>([])
        do {
            let cache = try CacheDirectory(path: directory.path)
            let store = try PieceStore(
                metainfo: torrent.metainfo, location: .cache(cache), pools: makePools())
            store.putAll(torrent)
            store.close(until: .later)
        }
        try FileManager.default.removeItem(atPath: "\(directory.path)/\(folder)/files/0/1")
        do {
            let cache = try CacheDirectory(path: directory.path)
            let store = try PieceStore(
                metainfo: torrent.metainfo, location: .cache(cache), pools: makePools())
            store.setPiecesLostHandler { pieces in lost.withLock { $0 += pieces } }
            // Written before it is read: the new file must not revive the old claims.
            store.put(PieceIndex(5), torrent.bytes(of: PieceIndex(5)))
            store.waitUntilWritten()
            #expect(lost.withLock { $0 } == (4..<8).map { PieceIndex($0) })
            #expect(store.bytes(of: FileIndex(1), count: 10) == nil)
            #expect(store.bytes(of: FileIndex(0), count: 65_536) == torrent.files[0].bytes)
            store.close(until: .later)
        }
        let cache = try CacheDirectory(path: directory.path)
        let store = try PieceStore(
            metainfo: torrent.metainfo, location: .cache(cache), pools: makePools())
        #expect(
            store.cached.runs == [PieceIndex(0)..<PieceIndex(4), PieceIndex(5)..<PieceIndex(6)])
    }

    @Test func `a cut-off file is found out by the read`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(100_000, pieceLength: 16_384)
        let folder = torrent.metainfo.info.identity.description
        let cache = try CacheDirectory(path: directory.path)
        let store = try PieceStore(
            metainfo: torrent.metainfo, location: .cache(cache), pools: makePools())
        store.putAll(torrent)
        #expect(truncate("\(directory.path)/\(folder)/files/0/0", 20_000) == 0)
        #expect(store.bytes(of: FileIndex(0), offset: 50_000, count: 10) == nil)
        #expect(store.cached.isEmpty)
        #expect(store.cachedBytes == 0)
        store.putAll(torrent)
        #expect(store.isComplete(torrent))
    }

    @Test func `a bad sector costs the pieces it hits`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(100_000, pieceLength: 16_384)
        let cache = try CacheDirectory(path: directory.path)
        let store = try PieceStore(
            metainfo: torrent.metainfo, location: .cache(cache), pools: makePools())
        store.putAll(torrent)
        store.flush(until: .later)
        let (file, hit) = (FileIndex(0), PieceIndex(2)..<PieceIndex(3))
        guard case .lost = store.fault(EIO, in: file, hit, "unreadable") else {
            Issue.record("the fault was not taken for a loss")
            return
        }
        #expect(store.bytes(of: file, offset: 16_384, count: 16_384)?.count == 16_384)
        #expect(store.bytes(of: file, offset: 16_384, count: 16_385) == nil)
        #expect(
            try cache.catalogue.cached(of: 1, pieceCount: 7).runs
                == [PieceIndex(0)..<PieceIndex(2), PieceIndex(3)..<PieceIndex(7)])
    }

    @Test func `a cache may be reached through a link`() throws {
        let directory = try TemporaryDirectory()
        let link = "\(directory.path)/link"
        try FileManager.default.createDirectory(
            atPath: "\(directory.path)/real", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: "\(directory.path)/real")
        _ = try CacheDirectory(path: link)
        _ = try CacheDirectory(path: "\(link)/below")
    }
}
