import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("Prefetching")
struct PrefetchTests {
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

    private func ranges(_ ranges: [Range<Int>]) -> [Range<PieceIndex>] {
        ranges.map { PieceIndex($0.lowerBound)..<PieceIndex($0.upperBound) }
    }

    @Test func `all pieces of the ranges are fetched, and no others`() throws {
        let torrent = try SampleTorrent.single(200 * 16_384 - 5, pieceLength: 16_384)
        let store = try open(torrent)
        store.put(PieceIndex(12), torrent.bytes(of: PieceIndex(12)))
        let source = try FeedingSource(store, torrent)
        defer { source.stop() }
        store.setSource(source)
        // More ranges than there are streams.
        let wanted = ranges((0..<30).map { $0 * 6..<$0 * 6 + 2 } + [199..<200])
        let bytes: Int64 = 60 * 16_384 + 16_379
        var steps: [Int64] = []
        try store.prefetch(wanted, patience: .seconds(60)) { done, total in
            steps.append(done)
            #expect(total == bytes)
        } isCancelled: {
            false
        }
        #expect(steps == steps.sorted())
        #expect(steps.last == bytes)
        let expected = wanted.flatMap { Array($0) }
        #expect(torrent.geometry.pieces.filter { store.cached[$0] } == expected)
        #expect(source.openCount == 0)
        #expect(source.windows.allSatisfy { $0.count <= 2 })
    }

    @Test func `what is there already asks for nothing`() throws {
        let torrent = try SampleTorrent.single(20 * 16_384, pieceLength: 16_384)
        let store = try open(torrent)
        store.putAll(torrent)
        let source = RecordingSource()
        store.setSource(source)
        try store.prefetch(
            ranges([0..<20]), patience: .zero, progress: { _, _ in }, isCancelled: { false })
        #expect(source.events.isEmpty)
    }

    @Test func `it ends when told, and leaves no stream`() throws {
        let torrent = try SampleTorrent.single(20 * 16_384, pieceLength: 16_384)
        let store = try open(torrent)
        let source = RecordingSource()
        store.setSource(source)
        var looks = 0
        #expect(throws: PrefetchFailure.cancelled) {
            try store.prefetch(ranges([2..<9]), patience: .seconds(60)) { _, _ in
                looks += 1
            } isCancelled: {
                looks > 2
            }
        }
        guard case .readahead(let stream, let window) = source.events.first else {
            Issue.record("nothing was asked for")
            return
        }
        #expect(window == PieceIndex(2)..<PieceIndex(9))
        #expect(stream.rawValue >> 63 == 1)
        #expect(source.events.last == .readahead(stream, PieceIndex(0)..<PieceIndex(0)))
    }

    @Test func `it gives up where nothing comes`() throws {
        let torrent = try SampleTorrent.single(20 * 16_384, pieceLength: 16_384)
        let store = try open(torrent)
        #expect(throws: PrefetchFailure.stalled) {
            try store.prefetch(
                ranges([0..<20]), patience: .milliseconds(50), progress: { _, _ in },
                isCancelled: { false })
        }
    }
}
