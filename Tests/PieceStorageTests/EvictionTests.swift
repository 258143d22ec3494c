import Foundation
import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("A cache with a limit", .timeLimit(.minutes(2)))
struct EvictionTests {
    private static let size: Int64 = 4 << 20
    private static let pieceLength = 65_536
    /// What a filesystem may take for itself, for lists of extents, when it writes out.
    private static let metadata: Int64 = 32 << 10

    /// Six times as large as the cache.
    private func large(_ name: String = "one.bin") throws -> SampleTorrent {
        try SampleTorrent.single(
            6 * Int(Self.size) - 1000, pieceLength: Self.pieceLength, name: name)
    }

    @Test func `a torrent larger than the cache passes through it, and the limit holds`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try large()
        let cache = try CacheDirectory(path: directory.path, size: Self.size)
        let store = try PieceStore(torrent, in: cache)
        let lost = Locked<Set<PieceIndex>>([])
        store.setPiecesLostHandler { pieces in lost.withLock { $0.formUnion(pieces) } }
        for _ in 0..<2 {
            // Times of use are quarters of a second: in the second round, what is new would go before
            // what the first one left in the same quarter.
            store.setUse(torrent.geometry.pieces, seconds: 1_750_000_000)
            for piece in torrent.geometry.pieces where !store.has(piece) {
                lost.withLock { _ = $0.remove(piece) }
                store.putWritten(piece, of: torrent)
                #expect(store.has(piece))
                #expect(diskUse(directory.path) <= Self.size)
            }
        }
        #expect(store.state.withLock { $0.retained.isEmpty })
        #expect(store.cachedPieceCount > 20)
        store.flush(until: .later)
        // The engine is told, and the catalogue, of all that went; the last round may be under way.
        let isTold = eventually {
            lost.withLock { $0 } == Set(torrent.geometry.pieces.filter { !store.has($0) })
                && (try? cache.catalogue.cached(of: 1, pieceCount: 384)) == store.cached
        }
        #expect(isTold)
        let compared = try #require(store.compare(FileIndex(0), torrent))
        #expect(Int64(compared) > store.cachedBytes * 9 / 10)
        let files = "\(directory.path)/\(torrent.metainfo.info.identity)/files"
        #expect(abs((store.usage?.bytes ?? 0) - diskUse(files)) <= Self.metadata)
    }

    @Test func `pieces that cross files and blocks leave nothing behind`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.v1(
            SampleTorrent.files([3000, 100_000, 5, 0, 1_000_001, 70_000, 8191, 2_000_000]),
            pieceLength: 32_768)
        let cache = try CacheDirectory(path: directory.path)
        let store = try PieceStore(torrent, in: cache)
        store.putAll(torrent)
        store.flush(until: .later)
        var random = SeededRandom(seed: 5)
        var order = Array(torrent.geometry.pieces)
        order.shuffle(using: &random)
        while !order.isEmpty {
            let some = Set(order.prefix(7))
            order.removeFirst(min(7, order.count))
            _ = try store.evict(store.candidates().filter { some.contains($0.piece) })
            #expect(store.cachedPieceCount == order.count)
            for file in torrent.layout.files { #expect(store.compare(file, torrent) != nil) }
        }
        #expect(store.cachedBytes == 0)
        #expect((store.usage?.bytes ?? .max) <= Self.metadata)
        store.putAll(torrent)
        #expect(store.isComplete(torrent))
    }

    @Test func `the least recently used go, also after a restart`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try large()
        do {
            let cache = try CacheDirectory(path: directory.path)
            let store = try PieceStore(torrent, in: cache)
            for number in 0..<60 { store.putWritten(PieceIndex(number), of: torrent) }
            store.setUse(PieceIndex(0)..<PieceIndex(60), seconds: 1_750_000_000)
            // Reads count, uploads do not.
            #expect(store.bytes(of: FileIndex(0), offset: 65_536 * 5, count: 65_537) != nil)
            #expect(store.block(torrent.geometry.block(0, of: PieceIndex(9))) != nil)
            #expect(store.close(until: .later))
        }
        let cache = try CacheDirectory(path: directory.path, size: Self.size)
        let store = try PieceStore(torrent, in: cache)
        for number in 100..<130 { store.putWritten(PieceIndex(number), of: torrent) }
        #expect(store.has(PieceIndex(5)) && store.has(PieceIndex(6)))
        #expect(!store.has(PieceIndex(9)))
        #expect(store.has(PieceIndex(129)))
        #expect(diskUse(directory.path) <= Self.size)
    }

    @Test func `what is open directly, dirty or wanted by a waiting read stays`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.v2(
            SampleTorrent.files([300_000, 300_000, 300_000, 300_000]), pieceLength: 65_536)
        let cache = try CacheDirectory(path: directory.path)
        let store = try PieceStore(torrent, in: cache)
        store.putAll(torrent)
        store.flush(until: .later)
        let file = { (number: Int) in torrent.layout.pieces(of: FileIndex(number)) }
        guard let descriptor = store.retainCompleteFile(FileIndex(0)) else {
            Issue.record("the file is not given")
            return
        }
        // As a program that opened a file through a mount that is gone.
        let path = "\(directory.path)/\(torrent.metainfo.info.identity)/files/0/1"
        let foreign = open(path, O_RDONLY)
        defer { close(foreign) }
        store.state.withLock { _ = $0.dirtyPieces.insert(file(2).lowerBound) }
        let missing = file(3).lowerBound
        _ = try store.evict(store.candidates().filter { $0.piece == missing })
        #expect(!store.has(missing))
        let read = store.wait(for: missing..<missing.advanced(by: 3), completion: {})
        _ = try store.evict(store.candidates())
        let left = store.cached
        #expect(left.setCount(in: file(0)) == file(0).count)
        #expect(left.setCount(in: file(1)) == file(1).count)
        #expect(left[file(2).lowerBound] && left.setCount(in: file(2)) == 1)
        #expect(left.setCount(in: file(3)) == 2)
        // Now nothing holds any of it but the two descriptors.
        store.releaseCompleteFile(FileIndex(0))
        if let read { _ = store.cancelWait(read) }
        store.state.withLock { $0.dirtyPieces = [] }
        _ = try store.evict(store.candidates())
        #expect(store.cached.setCount == file(0).count + file(1).count)
        _ = descriptor
    }

    @Test func `a piece that was used after it was chosen stays`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(400_000, pieceLength: 65_536)
        let store = try PieceStore(torrent, in: CacheDirectory(path: directory.path))
        store.putAll(torrent)
        store.flush(until: .later)
        store.setUse(torrent.geometry.pieces, seconds: 1_750_000_000)
        let chosen = store.candidates()
        #expect(chosen.count == torrent.geometry.pieceCount)
        #expect(store.bytes(of: FileIndex(0), offset: 70_000, count: 10)?.count == 10)
        _ = try store.evict(chosen)
        #expect(store.cached.runs == [PieceIndex(1)..<PieceIndex(2)])
    }

    @Test func `a catalogue that cannot be told keeps everything`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(400_000, pieceLength: 65_536)
        let cache = try CacheDirectory(path: directory.path)
        let store = try PieceStore(torrent, in: cache)
        store.putAll(torrent)
        store.flush(until: .later)
        try cache.setCatalogueReadOnly(true)
        #expect(throws: StorageError.self) { try store.evict(store.candidates()) }
        #expect(store.isComplete(torrent))
        #expect(store.cachedBytes == 400_000)
        try cache.setCatalogueReadOnly(false)
        _ = try store.evict(store.candidates())
        #expect(store.cached.isEmpty)
    }

    @Test func `readers and peers never see a hole while pieces come and go`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.v1(
            SampleTorrent.files([700_000, 1_300_001, 999_000]), pieceLength: 32_768)
        let cache = try CacheDirectory(path: directory.path)
        let store = try PieceStore(torrent, in: cache)
        store.putAll(torrent)
        store.flush(until: .later)
        let isDone = Locked(false)
        let wrong = Locked(0)
        let reads = Locked(0)
        let threads = try (0..<3).map { number in
            try Thread(name: "reader") {
                var random = SeededRandom(seed: UInt64(number))
                while !isDone.withLock({ $0 }) {
                    let file = Int(random.next() % 3)
                    let source = torrent.files[file].bytes
                    let offset = Int(random.next() % UInt64(source.count))
                    let count = min(source.count - offset, 1 + Int(random.next() % 100_000))
                    guard
                        let bytes = store.bytes(
                            of: FileIndex(file), offset: Int64(offset), count: count)
                    else { continue }
                    reads.withLock { $0 += 1 }
                    if bytes != Array(source[offset..<offset + count]) {
                        wrong.withLock { $0 += 1 }
                    }
                    let piece = PieceIndex(
                        Int(random.next() % UInt64(torrent.geometry.pieceCount)))
                    let request = torrent.geometry.block(0, of: piece)
                    if let block = store.block(request),
                        block != Array(torrent.bytes(of: piece)[..<Int(request.length)])
                    {
                        wrong.withLock { $0 += 1 }
                    }
                }
            }
        }
        var random = SeededRandom(seed: 99)
        for _ in 0..<60 {
            let gone = store.candidates().filter { _ in random.next() % 3 == 0 }
            _ = try store.evict(gone)
            for candidate in gone { store.put(candidate.piece, torrent.bytes(of: candidate.piece)) }
            store.flush(until: .later)
        }
        isDone.withLock { $0 = true }
        for thread in threads { thread.join() }
        #expect(wrong.withLock { $0 } == 0)
        #expect(reads.withLock { $0 } > 50)
        #expect(store.isComplete(torrent))
    }

    @Test func `what a crash left is counted and what is not cached is given back`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try large()
        let files = "\(directory.path)/\(torrent.metainfo.info.identity)/files"
        do {
            let cache = try CacheDirectory(path: directory.path)
            let store = try PieceStore(torrent, in: cache)
            for number in 0..<40 { store.putWritten(PieceIndex(number), of: torrent) }
            store.flush(until: .later)
            // As if the machine had stopped between the catalogue's commit and the holes.
            try cache.catalogue.remove(PieceIndex(10)..<PieceIndex(30), of: 1)
        }
        #expect(diskUse(files) >= 40 * 65_536)
        let cache = try CacheDirectory(path: directory.path, size: Self.size)
        let store = try PieceStore(torrent, in: cache)
        while store.usage?.isCounted == false { usleep(1000) }
        #expect(abs((store.usage?.bytes ?? 0) - diskUse(files)) <= Self.metadata)
        #expect(diskUse(files) <= 20 * 65_536 + Self.metadata)
        #expect((store.compare(FileIndex(0), torrent) ?? 0) > 19 * 65_536)
    }

    @Test func `a closed store reads nothing from files that are others' by now`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(400_000, pieceLength: 65_536)
        let cache = try CacheDirectory(path: directory.path)
        let store = try PieceStore(torrent, in: cache)
        store.putAll(torrent)
        #expect(store.close(until: .later))
        let next = try PieceStore(torrent, in: cache)
        _ = try next.evict(next.candidates())
        #expect(store.bytes(of: FileIndex(0), count: 100) == nil)
        #expect(!store.has(PieceIndex(0)))
    }

    @Test func `a catalogue of version 1 gets what is new and counts its torrents`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try large()
        do {
            let cache = try CacheDirectory(path: directory.path)
            let store = try PieceStore(torrent, in: cache)
            for number in 0..<10 { store.putWritten(PieceIndex(number), of: torrent) }
            store.close(until: .later)
            try cache.catalogue.withDatabase { database throws(Database.Failure) in
                try database.execute(
                    """
                    CREATE TABLE metainfos(torrent INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
                    DROP TABLE pins; DROP TABLE checks; DROP TABLE doubts; DROP TABLE blocks;
                    DROP TABLE uses; DROP TABLE evictions;
                    ALTER TABLE torrents DROP COLUMN bytes;
                    ALTER TABLE torrents DROP COLUMN reserved;
                    ALTER TABLE torrents DROP COLUMN is_open;
                    PRAGMA user_version = 1;
                    """)
            }
        }
        let cache = try CacheDirectory(path: directory.path)
        let others = try cache.catalogue.others(than: [])
        #expect(others.map(\.bytes) == [10 * 65_536])
        let store = try PieceStore(torrent, in: cache)
        while store.usage?.isCounted == false { usleep(1000) }
        #expect(abs((store.usage?.bytes ?? 0) - 10 * 65_536) <= Self.metadata)
        #expect(store.cachedPieceCount == 10)
    }
}
