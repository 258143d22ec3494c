import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("A piece that the catalogue was never told of is evicted as it is", .timeLimit(.minutes(2)))
struct UnrecordedEvictionTests {
    /// A disk whose syncs begin only when they may.
    private struct Gate: Sendable {
        private let isOpen = Condition(true)
        private let waiting = Condition(0)

        var disk: DiskSync {
            let pass: @Sendable () -> Int32? = {
                waiting.update { $0 += 1 }
                _ = isOpen.wait { $0 ? true : nil }
                waiting.update { $0 -= 1 }
                return nil
            }
            return DiskSync(file: { _ in pass() }, filesystem: { _ in pass() })
        }

        func open() { isOpen.update { $0 = true } }

        func close() { isOpen.update { $0 = false } }

        func waitForSync() { _ = waiting.wait { $0 > 0 ? true : nil } }
    }

    private func pieces(_ store: PieceStore) -> [Int] {
        store.candidates().map(\.piece.value).sorted()
    }

    @Test func `no sync is waited for, what is being synced stays, what is recorded is taken out`()
        throws
    {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(6 * 16_384, pieceLength: 16_384)
        let gate = Gate()
        let cache = try CacheDirectory(path: directory.path, disk: gate.disk)
        let store = try PieceStore(torrent, in: cache)
        let recorded = { try cache.catalogue.cached(of: 1, pieceCount: 6).runs.flatMap { $0 } }

        store.putWritten(PieceIndex(0), of: torrent)
        #expect(store.flush(until: .later))
        #expect(try recorded() == [PieceIndex(0)])

        // The commit thread takes the second piece, and hangs.
        gate.close()
        store.putWritten(PieceIndex(1), of: torrent)
        gate.waitForSync()
        for number in 2..<6 { store.putWritten(PieceIndex(number), of: torrent) }
        #expect(pieces(store) == [0, 2, 3, 4, 5])
        let chosen = store.candidates().filter { [0, 2, 3, 4].contains($0.piece.value) }
        #expect(try store.evict(chosen) == 4 * 16_384)
        #expect(store.cached.runs.flatMap { $0 } == [PieceIndex(1), PieceIndex(5)])
        #expect(try recorded().isEmpty)

        gate.open()
        #expect(store.flush(until: .later))
        #expect(try recorded() == [PieceIndex(1), PieceIndex(5)])
        #expect(pieces(store) == [1, 5])
    }

    @Test func `what is recorded and written once more waits for its sync`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(2 * 16_384, pieceLength: 16_384)
        let gate = Gate()
        let cache = try CacheDirectory(path: directory.path, disk: gate.disk)
        let store = try PieceStore(torrent, in: cache)
        store.putWritten(PieceIndex(0), of: torrent)
        #expect(store.flush(until: .later))
        gate.close()
        store.putWritten(PieceIndex(1), of: torrent)
        gate.waitForSync()
        store.noteWritten(PieceIndex(0), [], 16_384)
        cache.commits.noteWritten(store, bytes: 16_384)
        #expect(pieces(store) == [])
        #expect(store.candidates(unsynced: true).count == 2)
        gate.open()
        #expect(store.flush(until: .later))
        #expect(pieces(store) == [0, 1])
    }
}
