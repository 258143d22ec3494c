import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("Without a network")
struct OfflineTests {
    private let directory: TemporaryDirectory
    private let pools: StoragePools
    private let torrent: SampleTorrent

    init() throws {
        directory = try TemporaryDirectory()
        pools = try makePools()
        torrent = try SampleTorrent.v1(
            SampleTorrent.files([60_000, 50_000]), pieceLength: 16_384)
        let store = try open { _ in }
        for piece in [0, 1, 3] {
            store.put(PieceIndex(piece), torrent.bytes(of: PieceIndex(piece)))
        }
        store.close(until: .later)
    }

    private func open(_ change: (inout CachePolicy) -> Void) throws -> PieceStore {
        var policy = CachePolicy()
        change(&policy)
        let cache = try CacheDirectory(path: directory.path, policy: policy)
        return try PieceStore(torrent, in: cache, pools: pools)
    }

    private func read(_ store: PieceStore, _ file: Int, _ offset: Int64, _ count: Int)
        -> ReadOutcome
    {
        var buffer = [UInt8](repeating: 0, count: count)
        return buffer.withUnsafeMutableBytes {
            store.read(FileIndex(file), offset: offset, into: $0)
        }
    }

    @Test func `what is cached is read, and the rest fails at once`() throws {
        let store = try open { $0.isOffline = true }
        #expect(read(store, 0, 0, 32_768) == .bytes(32_768))
        #expect(read(store, 0, 30_000, 10_000) == .failed(ENETUNREACH))
        #expect(read(store, 1, 49_000, 1000) == .failed(ENETUNREACH))
    }

    @Test func `cut off, reads of what is missing fail, those that wait too, until it is over`()
        throws
    {
        let store = try open { _ in }
        let ended = Locked(0)
        let wait = store.wait(for: PieceIndex(2)..<PieceIndex(3)) { ended.withLock { $0 += 1 } }
        #expect(wait != nil)
        store.setCutOff(true)
        #expect(ended.withLock { $0 } == 1)
        #expect(store.waitingReadCount == 0)
        #expect(read(store, 0, 0, 32_768) == .bytes(32_768))
        #expect(read(store, 0, 30_000, 10_000) == .failed(ENETUNREACH))
        // One that looked just before finds out when it is about to wait.
        #expect(store.wait(for: PieceIndex(2)..<PieceIndex(3)) {} == nil)
        store.setCutOff(false)
        #expect(read(store, 0, 30_000, 10_000) == .missing(PieceIndex(2)..<PieceIndex(3)))
        let again = store.wait(for: PieceIndex(2)..<PieceIndex(3)) { ended.withLock { $0 += 1 } }
        #expect(again != nil)
        store.put(PieceIndex(2), torrent.bytes(of: PieceIndex(2)))
        #expect(ended.withLock { $0 } == 2)
        store.close(until: .later)
    }

    @Test func `a doubtful piece is hashed first, and fails where it is damaged`() throws {
        try StoredFiles(directory: directory.path, torrent: torrent).flip(0, at: 20_000)
        let store = try open { policy in
            policy.isOffline = true
            policy.verifiedSince = BootID("now")
        }
        #expect(read(store, 0, 40_000, 100) == .failed(ENETUNREACH))
        for (offset, expected) in [
            (Int64(0), ReadOutcome.bytes(100)), (20_000, .failed(ENETUNREACH)),
        ] {
            guard case .missing(let pieces) = read(store, 0, offset, 100) else {
                Issue.record("a doubtful piece was not doubted")
                return
            }
            let isOver = Condition(false)
            #expect(store.wait(for: pieces) { isOver.update { $0 = true } } != nil)
            #expect(isOver.wait(until: .later) { $0 ? true : nil } == true)
            #expect(read(store, 0, offset, 100) == expected)
        }
        #expect(store.waitingReadCount == 0)
    }

    @Test func `what a damaged file has lost, nobody waits for`() throws {
        let store = try open { $0.isOffline = true }
        #expect(read(store, 0, 0, 100) == .bytes(100))
        let file = StoredFiles(directory: directory.path, torrent: torrent).path(of: 0)
        #expect(truncate(file, 0) == 0)
        guard case .missing(let pieces) = read(store, 0, 0, 100) else {
            Issue.record("a file without bytes was read")
            return
        }
        // Who looks again is told so.
        #expect(store.wait(for: pieces) {} == nil)
        #expect(read(store, 0, 0, 100) == .failed(ENETUNREACH))
        store.setCutOff(false)
        #expect(store.wait(for: pieces) {} == nil)
    }

    @Test func `who waits for a check is told when the file is lost meanwhile`() throws {
        let store = try open { policy in
            policy.isOffline = true
            policy.verifiedSince = BootID("now")
        }
        // No thread is left to check anything.
        let (busy, mayGoOn) = (Condition(0), Condition(false))
        for _ in 0..<pools.configuration.hashThreads {
            let isQueued = pools.hashing.submit {
                busy.update { $0 += 1 }
                _ = mayGoOn.wait { $0 ? true : nil }
            }
            #expect(isQueued)
        }
        _ = busy.wait { [pools] in $0 == pools.configuration.hashThreads ? true : nil }
        let isOver = Condition(false)
        let wait = store.wait(for: PieceIndex(0)..<PieceIndex(1)) { isOver.update { $0 = true } }
        #expect(wait != nil)
        #expect(unlink(StoredFiles(directory: directory.path, torrent: torrent).path(of: 0)) == 0)
        _ = store.openForReading(FileIndex(0))
        #expect(isOver.wait(until: .now()) { $0 ? true : nil } == true)
        mayGoOn.update { $0 = true }
        #expect(read(store, 0, 0, 100) == .failed(ENETUNREACH))
        store.close(until: .later)
    }

    @Test func `a prefetch says that it cannot be`() throws {
        let store = try open { $0.isOffline = true }
        let pieces = PieceIndex(0)..<PieceIndex(2)
        try store.prefetch(
            [pieces], patience: .zero, progress: { _, _ in }, isCancelled: { false })
        #expect(throws: PrefetchFailure.offline) {
            try store.prefetch(
                [pieces, PieceIndex(4)..<PieceIndex(5)], patience: .seconds(60),
                progress: { _, _ in }, isCancelled: { false })
        }
    }
}
