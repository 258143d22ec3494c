import CLinux
import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("A limit over several torrents and holders of one cache", .timeLimit(.minutes(2)))
struct SharedLimitTests {
    /// Of this the catalogue takes some 800 KiB, its log at its longest among them, the margin 512 KiB,
    /// and what a writer reserves ahead 256 KiB: 40 pieces fit and stay.
    private static let size: Int64 = 4 << 20

    private func torrent(_ name: String, pieces: Int) throws -> SampleTorrent {
        try SampleTorrent.single(65_536 * pieces, pieceLength: 65_536, name: name)
    }

    private func fill(_ store: PieceStore, _ torrent: SampleTorrent, _ directory: String) {
        for piece in torrent.geometry.pieces {
            store.putWritten(piece, of: torrent)
            #expect(diskUse(directory) <= Self.size)
        }
    }

    @Test func `a torrent that nobody uses goes first, and can be used again at once`() throws {
        let directory = try TemporaryDirectory()
        let (old, new) = (try torrent("old", pieces: 30), try torrent("new", pieces: 36))
        let cache = try CacheDirectory(path: directory.path, size: Self.size)
        let first = try PieceStore(old, in: cache)
        fill(first, old, directory.path)
        first.setUse(old.geometry.pieces, seconds: 1_750_000_000)
        #expect(first.close(until: .later))
        let second = try PieceStore(new, in: cache)
        fill(second, new, directory.path)
        #expect(second.isComplete(new))
        let again = try PieceStore(old, in: cache)
        #expect(again.cachedPieceCount < 20)
        #expect(again.compare(FileIndex(0), old) != nil)
    }

    @Test func `how full the cache is can be asked at once`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try torrent("new", pieces: 10)
        let cache = try CacheDirectory(path: directory.path, size: Self.size)
        let store = try PieceStore(torrent, in: cache)
        #expect(eventually { cache.usage.usedBytes > 0 })
        let before = cache.usage.usedBytes
        store.putAll(torrent)
        #expect(cache.usage.usedBytes >= before + Int64(10 * 65_536))
        #expect(cache.usage.usedBytes <= Self.size)
    }

    @Test func `two torrents of a process share the limit by use`() throws {
        let directory = try TemporaryDirectory()
        let (left, right) = (try torrent("left", pieces: 30), try torrent("right", pieces: 100))
        let cache = try CacheDirectory(path: directory.path, size: Self.size)
        let first = try PieceStore(left, in: cache)
        let second = try PieceStore(right, in: cache)
        fill(first, left, directory.path)
        first.setUse(PieceIndex(0)..<PieceIndex(10), seconds: 4_000_000_000)
        first.setUse(PieceIndex(10)..<PieceIndex(30), seconds: 1_750_000_000)
        fill(second, right, directory.path)
        #expect(first.cached.setCount(in: PieceIndex(0)..<PieceIndex(10)) == 10)
        #expect(first.cached.setCount(in: PieceIndex(10)..<PieceIndex(30)) == 0)
        #expect(second.has(PieceIndex(99)))
        #expect(first.compare(FileIndex(0), left) != nil)
        #expect(second.compare(FileIndex(0), right) != nil)
    }

    /// Two objects for one directory see each other only as two processes do.
    @Test func `who holds old pieces is asked for them by who needs the room`() throws {
        let directory = try TemporaryDirectory()
        let (old, new) = (try torrent("old", pieces: 30), try torrent("new", pieces: 36))
        let idle = try CacheDirectory(path: directory.path, size: Self.size)
        let busy = try CacheDirectory(path: directory.path, size: Self.size)
        let first = try PieceStore(old, in: idle)
        fill(first, old, directory.path)
        first.flush(until: .later)
        try first.keepUse(old.geometry.pieces, seconds: 1_750_000_000)
        let second = try PieceStore(new, in: busy)
        fill(second, new, directory.path)
        #expect(second.cachedPieceCount > 30)
        #expect(first.cachedPieceCount < 20)
        #expect(first.compare(FileIndex(0), old) != nil)
        #expect(second.compare(FileIndex(0), new) != nil)
    }

    @Test func `what is pinned stays when nobody has its torrent open`() throws {
        let directory = try TemporaryDirectory()
        let old = try SampleTorrent.v1(
            SampleTorrent.files([10 * 65_536, 15 * 65_536]), pieceLength: 65_536)
        let new = try torrent("new", pieces: 60)
        let cache = try CacheDirectory(path: directory.path, size: Self.size)
        let first = try PieceStore(old, in: cache)
        fill(first, old, directory.path)
        try first.setPinned([FileIndex(0)], true)
        first.setUse(old.geometry.pieces, seconds: 1_750_000_000)
        #expect(first.close(until: .later))
        // What it gave up to evict it, too: younger pieces go instead.
        let second = try PieceStore(new, in: cache)
        fill(second, new, directory.path)
        #expect(second.cachedPieceCount > 20)
        #expect(second.compare(FileIndex(0), new) != nil)
        let again = try PieceStore(old, in: cache)
        #expect(again.cached.runs == [PieceIndex(0)..<PieceIndex(10)])
        #expect(again.compare(FileIndex(0), old) == 10 * 65_536)
    }

    @Test func `both write at once and the limit holds`() throws {
        let directory = try TemporaryDirectory()
        let torrents = try (0..<2).map { try torrent("t\($0)", pieces: 90) }
        let stores = try torrents.map {
            try PieceStore($0, in: CacheDirectory(path: directory.path, size: Self.size))
        }
        let most = Locked<Int64>(0)
        let threads = try zip(stores, torrents).map { store, torrent in
            try Thread(name: "writer") {
                for piece in torrent.geometry.pieces {
                    store.putWritten(piece, of: torrent)
                    let use = diskUse(directory.path)
                    most.withLock { $0 = max($0, use) }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(most.withLock { $0 } <= Self.size)
        for (store, torrent) in zip(stores, torrents) {
            #expect(store.compare(FileIndex(0), torrent) != nil)
        }
        #expect(stores.reduce(0) { $0 + $1.cachedPieceCount } > 10)
    }

    @Test func `a holder that crashed is counted and evicted from`() throws {
        let directory = try TemporaryDirectory()
        let (old, new) = (try torrent("old", pieces: 40), try torrent("new", pieces: 36))
        // Dropped without a good-bye; the lock and the files are let go as the last thread that works
        // for it notices.
        weak var crashed: PieceStore?
        do {
            let store = try PieceStore(
                old, in: CacheDirectory(path: directory.path, size: Self.size))
            fill(store, old, directory.path)
            store.flush(until: .later)
            try store.keepUse(old.geometry.pieces, seconds: 1_750_000_000)
            crashed = store
        }
        #expect(eventually { crashed == nil })
        let cache = try CacheDirectory(path: directory.path, size: Self.size)
        let store = try PieceStore(new, in: cache)
        fill(store, new, directory.path)
        #expect(store.cachedPieceCount > 30)
    }

    @Test func `where nothing can go, pieces stay in memory and are written when there is room`()
        throws
    {
        let directory = try TemporaryDirectory()
        let (held, new) = (try torrent("held", pieces: 45), try torrent("new", pieces: 20))
        let cache = try CacheDirectory(path: directory.path, size: Self.size)
        let first = try PieceStore(held, in: cache)
        fill(first, held, directory.path)
        first.flush(until: .later)
        guard let descriptor = first.retainCompleteFile(FileIndex(0)) else {
            Issue.record("the file is not given")
            return
        }
        let second = try PieceStore(new, in: cache)
        second.putWritten(PieceIndex(0), of: new)
        let foreign = open(
            "\(directory.path)/\(new.metainfo.info.identity)/files/0/0", O_RDONLY)
        fill(second, new, directory.path)
        #expect(first.cached.isFull)
        #expect(second.isComplete(new))
        #expect(second.isRetaining)
        #expect(eventually { cache.usage.isFull })
        first.setUse(held.geometry.pieces, seconds: 1_750_000_000)
        first.releaseCompleteFile(FileIndex(0))
        first.setUse(held.geometry.pieces, seconds: 1_750_000_000)
        _ = consume descriptor
        close(foreign)
        #expect(eventually { !second.isRetaining && second.cached.isFull })
        #expect(second.isComplete(new))
        #expect(diskUse(directory.path) <= Self.size)
    }
}
