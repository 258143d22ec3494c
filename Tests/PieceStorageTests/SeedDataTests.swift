import Foundation
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("Seeding existing data")
struct SeedDataTests {
    private func store(_ torrent: SampleTorrent, _ path: String) throws -> PieceStore {
        try PieceStore(metainfo: torrent.metainfo, location: .data(path), pools: makePools())
    }

    @Test(arguments: VerificationTests.torrents.indices)
    func `complete data is found complete, from its folder and from the one above`(
        index: Int
    ) throws {
        let torrent = try VerificationTests.torrents[index]()
        let directory = try TemporaryDirectory()
        if torrent.layout.isSingleFile {
            let path = "\(directory.path)/one.bin"
            try Data(torrent.files[0].bytes).write(to: URL(fileURLWithPath: path))
            for path in [path, directory.path] {
                #expect(try store(torrent, path).check().isFull)
            }
            return
        }
        let root = try directory.write(torrent, below: "sample")
        for path in [root, directory.path] {
            let store = try store(torrent, path)
            let reports = Locked<[Int]>([])
            let found = try store.check { done, total in
                #expect(total == torrent.geometry.pieceCount)
                reports.withLock { $0.append(done) }
            }
            #expect(found.isFull)
            #expect(reports.withLock { $0 } == Array(1...torrent.geometry.pieceCount))
            #expect(store.isComplete(torrent))
            #expect(store.cachedBytes == torrent.layout.payloadLength)
        }
    }

    @Test func `damage costs its pieces only, and nothing is written`() throws {
        let torrent = try SampleTorrent.v1(
            SampleTorrent.files([50_000, 50_000, 50_000, 50_000]), pieceLength: 16_384)
        let directory = try TemporaryDirectory()
        let root = try directory.write(torrent)
        var damaged = torrent.files[1].bytes
        damaged[49_000] ^= 1
        let path = "\(root)/d0/f1"
        try Data(damaged).write(to: URL(fileURLWithPath: path))
        try FileManager.default.removeItem(atPath: "\(root)/d0/f3")
        let store = try store(torrent, root)
        #expect(store.makeBuffer(for: PieceIndex(0)) == nil)
        let found = try store.check()
        let bad = PieceIndex((50_000 + 49_000) / 16_384)
        let gone = PieceIndex(150_000 / 16_384)
        for piece in torrent.geometry.pieces {
            #expect(found[piece] == (piece != bad && piece < gone))
            let block = store.block(torrent.geometry.block(0, of: piece))
            #expect(block == (found[piece] ? Array(torrent.bytes(of: piece).prefix(16_384)) : nil))
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(damaged))
        #expect(directory.regularFiles(below: "data") == ["d0/f0", "d0/f1", "d0/f2"])
    }

    @Test func `trust compares sizes`() throws {
        let torrent = try SampleTorrent.v1(
            SampleTorrent.files([50_000, 10]), pieceLength: 16_384)
        let directory = try TemporaryDirectory()
        let root = try directory.write(torrent)
        let trusting = try store(torrent, root)
        try trusting.trust()
        #expect(trusting.cached.isFull)
        #expect(trusting.isComplete(torrent))
        try Data(count: 11).write(to: URL(fileURLWithPath: "\(root)/d0/f1"))
        #expect(throws: StorageError.dataDiffers(path: "\(root)/d0/f1", expected: 10, found: 11)) {
            try store(torrent, root).trust()
        }
    }

    @Test func `a file that changes while it is seeded is not served any more`() throws {
        let torrent = try SampleTorrent.single(50_000, pieceLength: 16_384)
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/one.bin"
        try Data(torrent.files[0].bytes).write(to: URL(fileURLWithPath: path))
        let store = try store(torrent, path)
        try store.check()
        let request = torrent.geometry.block(0, of: PieceIndex(0))
        #expect(store.block(request) != nil)
        let lost = Locked(0)
        store.setPiecesLostHandler { pieces in lost.withLock { $0 += pieces.count } }
        // The kernel's clock for files is coarse: write until the change shows.
        let handle = try #require(FileHandle(forWritingAtPath: path))
        var memory = [UInt8](repeating: 0, count: 16_384)
        let isAtHand = {
            memory.withUnsafeMutableBytes { store.copyResident([request][...], into: $0) == 1 }
        }
        #expect(isAtHand())
        while isAtHand() { try handle.write(contentsOf: Data([1])) }
        // Only who may wait judges the change.
        #expect(lost.withLock { $0 } == 0)
        #expect(store.block(request) == nil)
        #expect(lost.withLock { $0 } == torrent.geometry.pieceCount)
        #expect(store.cached.isEmpty)
    }

    @Test func `a check can be cancelled`() throws {
        let torrent = try SampleTorrent.single(16_384 * 50, pieceLength: 16_384)
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/one.bin"
        try Data(torrent.files[0].bytes).write(to: URL(fileURLWithPath: path))
        let store = try store(torrent, path)
        let done = Locked(0)
        try store.check { count, _ in
            done.withLock { $0 = count }
        } isCancelled: {
            done.withLock { $0 } >= 5
        }
        #expect(store.cachedPieceCount >= 5 && store.cachedPieceCount < 10)
    }

    @Test(arguments: [
        ["..", "secret"], [".", "secret"], ["a/b", "secret"], ["", "secret"], ["x\0", "secret"],
        ["d", ".."], ["d", "../../secret"],
    ])
    func `names that are no names are never opened`(path: [String]) throws {
        var files = SampleTorrent.files([20_000])
        files[0].path = path
        // The parser may refuse it already.
        guard let torrent = try? SampleTorrent.v1(files, pieceLength: 16_384) else { return }
        let directory = try TemporaryDirectory()
        _ = try directory.write(SampleTorrent.v1(SampleTorrent.files([1]), pieceLength: 16_384))
        try Data(files[0].bytes).write(to: URL(fileURLWithPath: "\(directory.path)/secret"))
        let store = try store(torrent, "\(directory.path)/data")
        #expect(try store.check().isEmpty)
        #expect(throws: StorageError.self) { try store.trust() }
    }

    @Test func `links are not followed, neither files nor folders`() throws {
        let torrent = try SampleTorrent.v1(SampleTorrent.files([20_000]), pieceLength: 16_384)
        let directory = try TemporaryDirectory()
        let real = try directory.write(torrent, below: "real")
        let manager = FileManager.default
        try manager.createDirectory(
            atPath: "\(directory.path)/a", withIntermediateDirectories: true)
        try manager.createSymbolicLink(
            atPath: "\(directory.path)/a/d0", withDestinationPath: "\(real)/d0")
        #expect(try store(torrent, "\(directory.path)/a").check().isEmpty)
        try manager.createDirectory(
            atPath: "\(directory.path)/b/d0", withIntermediateDirectories: true)
        try manager.createSymbolicLink(
            atPath: "\(directory.path)/b/d0/f0", withDestinationPath: "\(real)/d0/f0")
        #expect(try store(torrent, "\(directory.path)/b").check().isEmpty)
        // The user may name the root itself through a link.
        try manager.createSymbolicLink(
            atPath: "\(directory.path)/c", withDestinationPath: real)
        #expect(try store(torrent, "\(directory.path)/c").check().isFull)
    }

    @Test func `a pipe in a file's place does not hang the check`() throws {
        let torrent = try SampleTorrent.v1(SampleTorrent.files([20_000]), pieceLength: 16_384)
        let directory = try TemporaryDirectory()
        let root = "\(directory.path)/data"
        try FileManager.default.createDirectory(
            atPath: "\(root)/d0", withIntermediateDirectories: true)
        #expect(mkfifo("\(root)/d0/f0", 0o600) == 0)
        #expect(try store(torrent, root).check().isEmpty)
    }

    @Test func `data that is not there is one line`() throws {
        let torrent = try SampleTorrent.single(10, pieceLength: 16_384)
        let error = #expect(throws: StorageError.self) { try store(torrent, "/no/such/path") }
        #expect(error?.description.contains("/no/such/path") == true)
    }
}
