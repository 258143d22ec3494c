import Foundation
import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("What is cached can be hashed again")
struct RecheckTests {
    private let directory: TemporaryDirectory
    private let pools: StoragePools

    init() throws {
        directory = try TemporaryDirectory()
        pools = try makePools()
    }

    private func open(_ torrent: SampleTorrent) throws -> PieceStore {
        let cache = try CacheDirectory(path: directory.path)
        return try PieceStore(torrent, in: cache, pools: pools)
    }

    private func files(_ torrent: SampleTorrent) -> StoredFiles {
        StoredFiles(directory: directory.path, torrent: torrent)
    }

    @Test(arguments: [1, 2, 3])
    func `sound data is found sound, in every version`(version: Int) throws {
        let files = SampleTorrent.files([70_000, 0, 50_000, 400_000, 5])
        let torrent =
            switch version {
            case 1: try SampleTorrent.v1(files, pieceLength: 32_768)
            case 2: try SampleTorrent.v2(files.filter { !$0.bytes.isEmpty }, pieceLength: 32_768)
            default: try SampleTorrent.hybrid(files, pieceLength: 32_768)
            }
        let store = try open(torrent)
        store.putAll(torrent)
        let seen = Condition<[Int64]>([])
        let result = try store.recheck(isRepair: true) { done, total in
            seen.update { $0.append(done) }
            #expect(done <= total)
        }
        #expect(result.pieces == torrent.geometry.pieceCount)
        #expect(result.damaged.isEmpty)
        #expect(!result.isRepaired)
        let steps = seen.wait { $0 } ?? []
        #expect(steps == steps.sorted())
        #expect(steps.last == result.bytes)
        #expect(store.isComplete(torrent))
    }

    @Test func `only what is cached is hashed`() throws {
        let torrent = try SampleTorrent.single(10 * 16_384, pieceLength: 16_384)
        let store = try open(torrent)
        for piece in [2, 3, 7] {
            store.put(PieceIndex(piece), torrent.bytes(of: PieceIndex(piece)))
        }
        let result = try store.recheck(isRepair: true)
        #expect(result.pieces == 3)
        #expect(result.bytes == 3 * 16_384)
        #expect(result.damaged.isEmpty)
        #expect(store.cached.setCount == 3)
    }

    @Test func `a flipped bit is found, and stays where repair is not wanted`() throws {
        let torrent = try SampleTorrent.v1(
            SampleTorrent.files([100_000, 100_000]), pieceLength: 16_384)
        let store = try open(torrent)
        store.putAll(torrent)
        // Pieces 2 and, across both files, 6.
        try files(torrent).flip(0, at: 40_000)
        try files(torrent).flip(1, at: 0)
        let lost = Condition<[PieceIndex]>([])
        store.setPiecesLostHandler { pieces in lost.update { $0 += pieces } }
        let found = try store.recheck(isRepair: false)
        #expect(found.damaged == [PieceIndex(2), PieceIndex(6)])
        #expect(store.cached.isFull)
        let repaired = try store.recheck(isRepair: true)
        #expect(repaired.damaged == found.damaged)
        #expect(repaired.isRepaired)
        #expect(lost.wait { $0 } == found.damaged)
        #expect(store.bytes(of: FileIndex(0), offset: 35_000, count: 10) == nil)
        // Gone from the catalogue too, and fetched again it is whole.
        store.close(until: .later)
        let again = try open(torrent)
        #expect(again.cached.setCount == torrent.geometry.pieceCount - 2)
        for piece in found.damaged { again.put(piece, torrent.bytes(of: piece)) }
        #expect(again.isComplete(torrent))
        #expect(try again.recheck(isRepair: false).damaged.isEmpty)
    }

    @Test func `a file that is gone or short is damage, and nothing is dropped unasked`() throws {
        let torrent = try SampleTorrent.v1(
            SampleTorrent.files([32_768, 32_768, 32_768]), pieceLength: 16_384)
        let store = try open(torrent)
        store.putAll(torrent)
        #expect(store.flush(until: .later))
        unlink(files(torrent).path(of: 0))
        truncate(files(torrent).path(of: 2), 20_000)
        let result = try store.recheck(isRepair: false)
        #expect(result.damaged.map(\.value) == [0, 1, 4, 5])
        #expect(store.cached.isFull)
        #expect(try store.recheck(isRepair: true).isRepaired)
        #expect(store.cached.runs == [PieceIndex(2)..<PieceIndex(4)])
        store.putAll(torrent)
        #expect(store.isComplete(torrent))
    }

    @Test func `it ends when told`() throws {
        let torrent = try SampleTorrent.single(100 * 16_384, pieceLength: 16_384)
        let store = try open(torrent)
        store.putAll(torrent)
        let result = try store.recheck(isRepair: true, isCancelled: { true })
        #expect(result.pieces == 0)
    }
}
