import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("Reading")
struct ReadingTests {
    @Test func `any range of any file equals the source, half cached and half in memory`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.v1(
            SampleTorrent.files([100_000, 3, 0, 64_000, 50_001]), pieceLength: 16_384)
        let store = try PieceStore(torrent, in: CacheDirectory(path: directory.path))
        store.putAll(torrent)
        // Every third piece as if it were not written yet.
        for piece in torrent.geometry.pieces where piece.value % 3 == 0 {
            let buffer = try #require(store.makeBuffer(for: piece))
            buffer.bytes.copyBytes(from: torrent.bytes(of: piece))
            store.state.withLock { state in
                state.cached[piece] = false
                state.inMemory[piece] = buffer
            }
        }
        var random = SeededRandom(seed: 3)
        for _ in 0..<2_000 {
            let file = FileIndex(Int.random(in: 0..<5, using: &random))
            let source = torrent.files[file.value].bytes
            let offset = Int.random(in: 0...source.count + 2, using: &random)
            let count = Int.random(in: 0...60_000, using: &random)
            let expected = source.dropFirst(offset).prefix(count)
            #expect(store.bytes(of: file, offset: Int64(offset), count: count) == Array(expected))
        }
    }

    @Test func `what is in memory is lent where it is, and the rest read behind it`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(100_000, pieceLength: 16_384)
        let store = try PieceStore(torrent, in: CacheDirectory(path: directory.path))
        store.putAll(torrent)
        let buffer = try #require(store.makeBuffer(for: PieceIndex(1)))
        buffer.bytes.copyBytes(from: torrent.bytes(of: PieceIndex(1)))
        store.state.withLock { state in
            state.cached[PieceIndex(1)] = false
            state.inMemory[PieceIndex(1)] = buffer
        }
        var room = [UInt8](repeating: 0, count: 60_000)
        var lent: [UInt8] = []
        room.withUnsafeMutableBytes { room in
            let outcome = store.read(FileIndex(0), offset: 10_000, lendingOr: room) { parts in
                #expect(parts.count == 3)
                #expect(parts[1].baseAddress == UnsafeRawPointer(buffer.bytes.baseAddress))
                for part in parts { lent += part }
            }
            #expect(outcome == .bytes(60_000))
            #expect(room[6_384..<6_384 + 16_384].allSatisfy { $0 == 0 })
        }
        #expect(lent == Array(torrent.files[0].bytes[10_000..<70_000]))
        var calls = 0
        room.withUnsafeMutableBytes { room in
            store.state.withLock { $0.inMemory[PieceIndex(1)] = nil }
            let outcome = store.read(FileIndex(0), offset: 0, lendingOr: room) { _ in calls += 1 }
            #expect(outcome == .missing(PieceIndex(1)..<PieceIndex(2)))
        }
        #expect(calls == 0)
    }

    @Test func `nonsense is refused`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(10, pieceLength: 16_384)
        let store = try PieceStore(torrent, in: CacheDirectory(path: directory.path))
        var byte: [UInt8] = [0]
        byte.withUnsafeMutableBytes { buffer in
            #expect(store.read(FileIndex(0), offset: -1, into: buffer) == .failed(22))
            #expect(store.read(FileIndex(1), offset: 0, into: buffer) == .failed(2))
            #expect(store.read(FileIndex(0), offset: .max, into: buffer) == .bytes(0))
        }
        #expect(store.makeBuffer(for: PieceIndex(1)) == nil)
        #expect(store.makeBuffer(for: PieceIndex(-1)) == nil)
    }

    @Test func `5,000 files are read through few descriptors`() async throws {
        let directory = try TemporaryDirectory()
        let files = SampleTorrent.files((0..<5_000).map { 20 + $0 % 61 })
        let torrent = try SampleTorrent.v1(files, pieceLength: 65_536)
        let pools = try makePools { $0.openFileLimit = 50 }
        let store = try PieceStore(torrent, in: CacheDirectory(path: directory.path), pools: pools)
        store.putAll(torrent)
        #expect(store.flush(until: .later))
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    var random = SeededRandom(seed: UInt64(worker))
                    for _ in 0..<5_000 {
                        let index = Int.random(in: 0..<5_000, using: &random)
                        #expect(
                            store.bytes(of: FileIndex(index), count: 100) == files[index].bytes)
                    }
                }
            }
        }
        #expect(store.state.withLock { $0.files.count } <= 52)
        #expect(pools.openFiles.openCount <= 52)
        store.close(until: .later)
        #expect(pools.openFiles.openCount == 0)
    }

    @Test func `open files that are used stay open`() throws {
        var table = OpenFileTable()
        let budget = OpenFileBudget(limit: 1)
        for index in 0..<3 {
            table.insert(
                FileIndex(index), OpenFile(try OwnedDescriptor(dup(1), "dup"), budget: budget))
        }
        for round in 3..<200 {
            #expect(table.lookUp(FileIndex(0)) != nil)
            table.insert(
                FileIndex(round), OpenFile(try OwnedDescriptor(dup(1), "dup"), budget: budget))
            #expect(table.evict() != nil)
            #expect(table.count == 3)
        }
        #expect(table.lookUp(FileIndex(0)) != nil)
        #expect(budget.openCount == 3)
    }
}
