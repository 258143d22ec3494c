import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("Evicting on request")
struct EvictionOnRequestTests {
    private func torrent(_ name: String, pieces: Int) throws -> SampleTorrent {
        try SampleTorrent.single(65_536 * pieces, pieceLength: 65_536, name: name)
    }

    private func diskBytes(_ path: String) throws -> Int64 {
        try CacheInventory(path: path).torrents().reduce(0) { $0 + $1.diskBytes }
    }

    @Test func `the pieces named go, but what is pinned stays, and all can come back`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.v1(
            SampleTorrent.files([5 * 65_536, 5 * 65_536, 5 * 65_536]), pieceLength: 65_536)
        let store = try PieceStore(torrent, in: CacheDirectory(path: directory.path))
        store.putAll(torrent)
        try store.setPinned([FileIndex(1)], true)
        let progress = Locked<[Int64]>([])
        let result = try store.evict([PieceIndex(3)..<PieceIndex(12)]) { done, total in
            #expect(done <= total && total == 4 * 65_536)
            progress.withLock { $0.append(done) }
        }
        #expect(result.pieces == 4 && result.piecesKept == 5)
        #expect(result.bytes == 4 * 65_536)
        #expect(progress.withLock { $0 } == [0, 4 * 65_536])
        #expect(
            store.cached.runs == [
                PieceIndex(0)..<PieceIndex(3), PieceIndex(5)..<PieceIndex(10),
                PieceIndex(12)..<PieceIndex(15),
            ])
        #expect(try store.evict().pieces == 6)
        #expect(try store.evict().pieces == 0)
        store.putAll(torrent)
        #expect(store.isComplete(torrent))
    }

    @Test func `an eviction that is cancelled leaves the rest`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(300 * 4096, pieceLength: 4096)
        let store = try PieceStore(torrent, in: CacheDirectory(path: directory.path))
        store.putAll(torrent)
        var asked = 0
        let result = try store.evict(isCancelled: {
            asked += 1
            return asked > 1
        })
        #expect(result.pieces == 256 && result.piecesKept == 44)
        #expect(store.compare(FileIndex(0), torrent) != nil)
    }

    @Test func `a cache shrinks by least recent use over all its torrents`() throws {
        let directory = try TemporaryDirectory()
        let torrents = try ["old", "pinned", "new"].map { try torrent($0, pieces: 20) }
        for (number, torrent) in torrents.enumerated() {
            let cache = try CacheDirectory(path: directory.path)
            let store = try PieceStore(torrent, in: cache)
            store.putAll(torrent)
            store.setUse(torrent.geometry.pieces, seconds: 1_750_000_000 + Int64(number))
            if number == 1 { try store.setPinned([FileIndex(0)], true) }
            #expect(store.close(until: .later))
        }
        let target = try diskBytes(directory.path) - 25 * 65_536
        let pools = try makePools()
        let result = try CacheDirectory(path: directory.path).shrink(to: target, pools: pools)
        #expect(result.after <= target)
        #expect(result.after > target - 4 * 65_536)
        #expect(try diskBytes(directory.path) == result.after)
        let cache = try CacheDirectory(path: directory.path)
        let counts = try torrents.map { torrent in
            let store = try PieceStore(torrent, in: cache)
            defer { store.close(until: .later) }
            #expect(store.compare(FileIndex(0), torrent) != nil)
            return store.cachedPieceCount
        }
        #expect(counts[0] == 0 && counts[1] == 20)
        #expect((11...15).contains(counts[2]))
        // To nothing, which what is pinned prevents.
        let rest = try CacheDirectory(path: directory.path).shrink(to: 0, pools: pools)
        #expect(rest.after >= 20 * 65_536)
        #expect(rest.after < 21 * 65_536)
    }

    @Test func `who has a torrent open is asked`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try torrent("held", pieces: 30)
        let store = try PieceStore(torrent, in: CacheDirectory(path: directory.path))
        store.putAll(torrent)
        store.flush(until: .later)
        let size = try diskBytes(directory.path)
        let result = try CacheDirectory(path: directory.path).shrink(
            to: size / 2, pools: try makePools())
        #expect(result.after <= size / 2)
        #expect(store.compare(FileIndex(0), torrent) != nil)
    }
}
