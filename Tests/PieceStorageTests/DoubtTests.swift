import Foundation
import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("Each piece is hashed at its first use since the machine was started")
struct DoubtTests {
    private let directory: TemporaryDirectory
    private let pools: StoragePools
    private let torrent: SampleTorrent
    private let first = BootID("first")
    private let second = BootID("second")

    init() throws {
        directory = try TemporaryDirectory()
        pools = try makePools()
        torrent = try SampleTorrent.v1(
            SampleTorrent.files([100_000, 60_000, 40_000]), pieceLength: 16_384)
    }

    private func open(_ boot: BootID?) throws -> PieceStore {
        var policy = CachePolicy()
        policy.verifiedSince = boot
        let cache = try CacheDirectory(path: directory.path, policy: policy)
        return try PieceStore(metainfo: torrent.metainfo, location: .cache(cache), pools: pools)
    }

    private func fill(_ boot: BootID? = nil) throws {
        let store = try open(boot)
        store.putAll(torrent)
        #expect(store.close(until: .later))
    }

    private func flip(_ file: Int, at offset: Int64) throws {
        try StoredFiles(directory: directory.path, torrent: torrent).flip(file, at: offset)
    }

    /// Reads as FUSE does: where something is missing, after waiting for it.
    private func read(_ store: PieceStore, _ file: Int, _ offset: Int64, _ count: Int) -> [UInt8]? {
        let index = FileIndex(file)
        let pieces = torrent.layout.pieces(of: index, offset: offset, count: count)
        for _ in 0..<20 {
            if let bytes = store.bytes(of: index, offset: offset, count: count) { return bytes }
            let isThere = Condition(false)
            guard store.wait(for: pieces, completion: { isThere.update { $0 = true } }) != nil
            else { continue }
            guard isThere.wait(until: .later, { $0 ? true : nil }) != nil else { return nil }
        }
        return nil
    }

    private func isReadDirectly(_ file: Int, _ store: PieceStore) -> Bool {
        guard let descriptor = store.retainCompleteFile(FileIndex(file)) else { return false }
        store.releaseCompleteFile(FileIndex(file))
        return descriptor.rawValue >= 0
    }

    @Test func `nothing is doubted unless that is asked for`() throws {
        try fill()
        let store = try open(nil)
        #expect(store.cached.isFull)
        #expect(store.doubtfulPieceCount == 0)
        #expect(store.isComplete(torrent))
    }

    @Test func `a read has its pieces hashed, once`() throws {
        try fill()
        let store = try open(first)
        #expect(store.cached.isEmpty)
        #expect(store.kept.isFull)
        #expect(store.doubtfulBytes == 200_000)
        #expect(!store.isCompleteOnDisk(FileIndex(0)))
        let before = pools.counters.hashedBytes
        let expected = Array(torrent.files[0].bytes[20_000..<50_000])
        #expect(read(store, 0, 20_000, 30_000) == expected)
        store.waitUntilWritten()
        #expect(pools.counters.hashedBytes - before == 3 * 16_384)
        #expect(read(store, 0, 20_000, 30_000) == expected)
        #expect(pools.counters.hashedBytes - before == 3 * 16_384)
        #expect(store.cachedPieceCount == 3)
        #expect(store.cachedBytes + store.doubtfulBytes == 200_000)
    }

    @Test func `what was hashed stays trusted until the next start of the machine`() throws {
        try fill()
        let early = try open(first)
        #expect(read(early, 0, 0, 40_000) != nil)
        #expect(early.close(until: .later))
        #expect(try open(first).cachedPieceCount == 3)
        #expect(try open(second).cachedPieceCount == 0)
    }

    @Test func `what came since then needs no check`() throws {
        try fill(first)
        #expect(try open(first).cached.isFull)
        #expect(try open(second).cached.isEmpty)
    }

    @Test func `a flipped bit is never served, and its piece is fetched again`() throws {
        try fill()
        try flip(0, at: 20_000)
        let store = try open(first)
        let source = RecordingSource()
        store.setSource(source)
        let lost = Condition<[PieceIndex]>([])
        store.setPiecesLostHandler { pieces in lost.update { $0 += pieces } }
        let isThere = Condition(false)
        let pieces = PieceIndex(0)..<PieceIndex(2)
        let wait = store.wait(for: pieces) { isThere.update { $0 = true } }
        #expect(wait != nil)
        #expect(lost.wait { $0.isEmpty ? nil : $0 } == [PieceIndex(1)])
        #expect(store.bytes(of: FileIndex(0), count: 20_000) == nil)
        store.put(PieceIndex(1), torrent.bytes(of: PieceIndex(1)))
        #expect(isThere.wait(until: .later) { $0 ? true : nil } == true)
        #expect(
            store.bytes(of: FileIndex(0), count: 30_000) == Array(torrent.files[0].bytes[..<30_000])
        )
        #expect(store.close(until: .later))
        #expect(try open(first).kept.isFull)
    }

    @Test func `a damaged piece is forgotten by the catalogue`() throws {
        try fill()
        try flip(1, at: 30_000)
        let store = try open(first)
        let bad = torrent.layout.pieces(of: FileIndex(1), offset: 30_000, count: 1).lowerBound
        #expect(!store.settle(bad))
        #expect(store.close(until: .later))
        let again = try open(nil)
        #expect(again.cached.setCount == torrent.geometry.pieceCount - 1)
        #expect(!again.cached[bad])
    }

    @Test func `a peer gets a doubtful piece only once it is hashed`() throws {
        try fill()
        try flip(0, at: 5)
        let store = try open(first)
        #expect(store.has(PieceIndex(0)))
        let bad = BlockRequest(piece: PieceIndex(0), begin: 0, length: 16_384)
        let good = BlockRequest(piece: PieceIndex(1), begin: 0, length: 16_384)
        // Where nothing may be waited for, nothing is hashed.
        var target = [UInt8](repeating: 0, count: 16_384)
        #expect(target.withUnsafeMutableBytes { store.copyResident([bad], into: $0) } == 0)
        #expect(store.doubtfulPieceCount == torrent.geometry.pieceCount)
        #expect(store.block(bad) == nil)
        #expect(!store.has(PieceIndex(0)))
        #expect(store.block(good) == torrent.bytes(of: PieceIndex(1)))
    }

    @Test func `a file is read directly only once all of it is hashed`() throws {
        try fill()
        try flip(0, at: 50_000)
        let store = try open(first)
        #expect(!isReadDirectly(0, store))
        #expect(read(store, 1, 0, 60_000) == torrent.files[1].bytes)
        #expect(isReadDirectly(1, store))
        for piece in 0..<7 { #expect(store.settle(PieceIndex(piece)) == (piece != 3)) }
        #expect(!isReadDirectly(0, store))
    }

    @Test func `a reader's window is hashed ahead of it`() throws {
        try fill()
        let store = try open(first)
        store.readahead(StreamID(1), pieces: PieceIndex(0)..<PieceIndex(5))
        store.readahead(StreamID(1), pieces: PieceIndex(2)..<PieceIndex(5))
        store.waitUntilWritten()
        #expect(store.cached.runs == [PieceIndex(0)..<PieceIndex(5)])
    }

    @Test func `a cache file that is gone is missing, not zeros`() throws {
        try fill()
        unlink(StoredFiles(directory: directory.path, torrent: torrent).path(of: 1))
        let store = try open(first)
        let inside = torrent.layout.pieces(of: FileIndex(1), offset: 30_000, count: 1).lowerBound
        // Another piece of the file comes: the file is made anew, and holds nothing else.
        let other = inside.advanced(by: -1)
        #expect(!store.settle(other))
        store.put(other, torrent.bytes(of: other))
        store.waitUntilWritten()
        #expect(!store.settle(inside))
        #expect(!store.has(inside))
        #expect(store.close(until: .later))
        #expect(try !open(nil).cached[inside])
    }

    @Test func `a verification settles all doubts`() throws {
        try fill()
        try flip(2, at: 39_999)
        let store = try open(first)
        let result = try store.recheck(isRepair: false)
        #expect(result.damaged == [PieceIndex(torrent.geometry.pieceCount - 1)])
        #expect(store.cachedPieceCount == torrent.geometry.pieceCount - 1)
        #expect(store.doubtfulPieceCount == 1)
        #expect(try store.recheck(isRepair: true).isRepaired)
        #expect(store.doubtfulPieceCount == 0)
    }

    @Test func `an older catalogue is brought up to date`() throws {
        try fill()
        let path = "\(directory.path)/catalogue.sqlite"
        let database = try Database(path: path)
        try database.execute(
            """
            DROP TABLE pins; DROP TABLE checks; DROP TABLE doubts; DROP TABLE blocks;
            CREATE TABLE metainfos(torrent INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
            PRAGMA user_version = 2;
            """)
        #expect(try open(first).kept.isFull)
        #expect(try database.number("PRAGMA user_version") == CatalogueSchema.version)
    }
}
