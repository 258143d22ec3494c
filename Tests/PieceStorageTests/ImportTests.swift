import Foundation
import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("Data that the user has is adopted")
struct ImportTests {
    /// How a test's filesystem clones: not at all, or, as far as anybody can tell, by copying.
    enum Cloning: CaseIterable, Sendable {
        case none, whole
    }

    private let directory: TemporaryDirectory
    private let pools: StoragePools

    init() throws {
        directory = try TemporaryDirectory()
        pools = try makePools()
    }

    private func open(_ torrent: SampleTorrent) throws -> PieceStore {
        let cache = try CacheDirectory(path: "\(directory.path)/cache")
        return try PieceStore(torrent, in: cache, pools: pools)
    }

    private func adopt(
        _ path: String, into store: PieceStore, _ cloning: Cloning
    ) throws -> ImportResult {
        let folder = try #require(store.cacheFolder)
        let seen = Locked<[Int64]>([])
        let work = try DataImport(store, folder, path: path) { target, source in
            guard cloning == .whole else { return false }
            var status = stat()
            guard fstat(source, &status) == 0 else { return false }
            var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
            return pread(source, &bytes, bytes.count, 0) == bytes.count
                && pwrite(target, bytes, bytes.count, 0) == bytes.count
        }
        let result = try work.run { done, _ in
            seen.withLock { $0.append(done) }
        } isCancelled: {
            false
        }
        let steps = seen.withLock { $0 }
        #expect(steps == steps.sorted())
        return result
    }

    @Test(arguments: VerificationTests.torrents.indices, Cloning.allCases)
    func `complete data is adopted whole, and stays`(index: Int, cloning: Cloning) throws {
        let torrent = try VerificationTests.torrents[index]()
        let path: String
        if torrent.layout.isSingleFile {
            path = "\(directory.path)/one.bin"
            try Data(torrent.files[0].bytes).write(to: URL(fileURLWithPath: path))
        } else {
            path = try directory.write(torrent, below: "sample")
        }
        let store = try open(torrent)
        let result = try adopt(path, into: store, cloning)
        #expect(result.adopted == torrent.geometry.pieceCount)
        #expect(result.present == 0)
        #expect((result.sharedFiles > 0) == (cloning == .whole))
        #expect(store.isComplete(torrent))
        #expect(store.close(until: .later))
        // The data goes; the cache stays.
        try FileManager.default.removeItem(atPath: path)
        let again = try open(torrent)
        #expect(again.isComplete(torrent))
        #expect(try again.recheck(isRepair: false).damaged.isEmpty)
    }

    @Test(arguments: Cloning.allCases)
    func `of an older copy only what is right is adopted`(cloning: Cloning) throws {
        let torrent = try SampleTorrent.v1(
            SampleTorrent.files([100_000, 50_000, 80_000, 60_000, 40_000]), pieceLength: 16_384)
        let root = try directory.write(torrent)
        var changed = torrent.files[0].bytes
        changed[40_000] ^= 1
        try Data(changed).write(to: URL(fileURLWithPath: "\(root)/d0/f0"))
        try Data(torrent.files[2].bytes.prefix(50_000)).write(
            to: URL(fileURLWithPath: "\(root)/d0/f2"))
        try FileManager.default.removeItem(atPath: "\(root)/d0/f3")
        let store = try open(torrent)
        let result = try adopt(root, into: store, cloning)
        // Piece 2 is damaged; 200,000 to 290,000 are not there, which takes 12 to 17.
        let wrong = Set([2] + Array(12...17))
        #expect(result.adopted == torrent.geometry.pieceCount - wrong.count)
        #expect(Set(torrent.geometry.pieces.filter { !store.cached[$0] }.map(\.value)) == wrong)
        #expect(store.bytes(of: FileIndex(0), offset: 40_000, count: 10) == nil)
        // A second time nothing changes, and with the whole data the rest comes.
        #expect(try adopt(root, into: store, cloning).adopted == 0)
        let whole = try directory.write(torrent, below: "whole")
        let rest = try adopt(whole, into: store, cloning)
        #expect(rest.present == result.adopted)
        #expect(rest.adopted == wrong.count)
        #expect(store.isComplete(torrent))
        #expect(store.close(until: .later))
        #expect(try open(torrent).isComplete(torrent))
    }

    @Test func `what is not right takes no room`() throws {
        let torrent = try SampleTorrent.single(4 << 20, pieceLength: 65_536)
        let path = "\(directory.path)/one.bin"
        try Data(repeating: 7, count: 4 << 20).write(to: URL(fileURLWithPath: path))
        let store = try open(torrent)
        let result = try adopt(path, into: store, .whole)
        #expect(result.adopted == 0)
        #expect(store.close(until: .later))
        let listed = try CacheInventory(path: "\(directory.path)/cache").torrents()
        #expect(try #require(listed.first).diskBytes < 65_536)
    }

    @Test func `data that is not there is an error`() throws {
        let torrent = try SampleTorrent.single(100_000, pieceLength: 16_384)
        let store = try open(torrent)
        #expect(throws: StorageError.self) {
            try store.importData(at: "\(directory.path)/none")
        }
    }

    @Test func `it ends when told`() throws {
        let torrent = try SampleTorrent.single(100 * 16_384, pieceLength: 16_384)
        let path = "\(directory.path)/one.bin"
        try Data(torrent.files[0].bytes).write(to: URL(fileURLWithPath: path))
        let store = try open(torrent)
        #expect(try store.importData(at: path, isCancelled: { true }).adopted == 0)
    }
}
