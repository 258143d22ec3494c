import Glibc
import Metainfo
import Reactor
import Synchronization
import Testing
import TorrentCore

@testable import PieceStorage

/// Every way in which bytes leave the store, while pieces are evicted and come back: lent memory
/// beside a cache file, what is at hand for a peer, blocks for a peer, and doubtful pieces.
@Suite("Reads beside eviction", .timeLimit(.minutes(2)))
struct EvictionDuringReadTests {
    private let directory: TemporaryDirectory
    private let pools: StoragePools
    private let torrent: SampleTorrent

    init() throws {
        directory = try TemporaryDirectory()
        pools = try makePools()
        torrent = try SampleTorrent.v1(
            SampleTorrent.files([700_000, 1_300_001, 999_000]), pieceLength: 32_768)
    }

    private func open(_ boot: BootID? = nil) throws -> PieceStore {
        var policy = CachePolicy()
        policy.verifiedSince = boot
        let cache = try CacheDirectory(path: directory.path, policy: policy)
        return try PieceStore(torrent, in: cache, pools: pools)
    }

    private func fill(_ store: PieceStore) {
        store.putAll(torrent)
        store.flush(until: .later)
    }

    /// Runs `read` on three threads while `rounds` evictions take every third piece and bring it
    /// back; `read` gives whether what it read was right, nil where nothing was there.
    private func race(
        _ store: PieceStore, rounds: Int,
        _ read: @escaping @Sendable (inout SeededRandom) -> Bool?
    ) throws -> (right: Int, wrong: Int) {
        let isDone = Locked(false)
        let counts = Locked((right: 0, wrong: 0))
        let threads = try (0..<3).map { number in
            try Thread(name: "reader") {
                var random = SeededRandom(seed: UInt64(number))
                while !isDone.withLock({ $0 }) {
                    guard let isRight = read(&random) else { continue }
                    counts.withLock {
                        if isRight { $0.right += 1 } else { $0.wrong += 1 }
                    }
                }
            }
        }
        defer {
            isDone.withLock { $0 = true }
            for thread in threads { thread.join() }
        }
        var random = SeededRandom(seed: 99)
        for _ in 0..<rounds {
            let gone = store.candidates().filter { _ in random.next() % 3 == 0 }
            _ = try store.evict(gone)
            for candidate in gone { store.put(candidate.piece, torrent.bytes(of: candidate.piece)) }
            store.flush(until: .later)
        }
        isDone.withLock { $0 = true }
        for thread in threads { thread.join() }
        return counts.withLock { $0 }
    }

    @Test func `what is lent is never a hole`() throws {
        let store = try open()
        fill(store)
        let counts = try race(store, rounds: 60) { [torrent] random in
            let file = Int(random.next() % 3)
            let source = torrent.files[file].bytes
            let offset = Int(random.next() % UInt64(source.count))
            let count = min(source.count - offset, 1 + Int(random.next() % 100_000))
            var room = [UInt8](repeating: 0xEE, count: count)
            var lent: [UInt8] = []
            var calls = 0
            let outcome = room.withUnsafeMutableBytes { room in
                store.read(FileIndex(file), offset: Int64(offset), lendingOr: room) { parts in
                    calls += 1
                    for part in parts { lent += part }
                }
            }
            guard case .bytes(count) = outcome else { return calls == 0 ? nil : false }
            return calls == 1 && lent == Array(source[offset..<offset + count])
        }
        #expect(counts.wrong == 0)
        #expect(counts.right > 50)
        #expect(store.isComplete(torrent))
    }

    @Test func `what is at hand for a peer is never a hole`() throws {
        let store = try open()
        fill(store)
        let counts = try race(store, rounds: 60) { [torrent] random in
            let piece = PieceIndex(
                Int(random.next() % UInt64(torrent.geometry.pieceCount - 1)))
            let requests = (0..<2).map { torrent.geometry.block($0, of: piece) }
            var target = [UInt8](repeating: 0xEE, count: 32_768)
            let copied = target.withUnsafeMutableBytes {
                store.copyResident(requests[...], into: $0)
            }
            guard copied > 0 else { return nil }
            return target[..<(copied * 16_384)]
                == torrent.bytes(of: piece)[..<(copied * 16_384)]
        }
        #expect(counts.wrong == 0)
        #expect(counts.right > 50)
    }

    /// A hole between the look and the end of the read: what every path above has to notice.
    @Test func `a read during which pieces went starts over`() throws {
        let store = try open()
        fill(store)
        let seen = store.generation.load(ordering: .acquiring)
        #expect(store.isCurrent(seen))
        _ = try store.evict(store.candidates().filter { $0.piece == PieceIndex(3) })
        #expect(!store.isCurrent(seen))
        #expect(store.bytes(of: FileIndex(0), offset: 3 * 32_768, count: 10) == nil)
        #expect(store.block(torrent.geometry.block(0, of: PieceIndex(3))) == nil)
    }

    @Test func `doubtful pieces can go, and are never hashed into the cache as holes`() throws {
        let store = try open()
        fill(store)
        #expect(store.close(until: .later))
        let again = try open(BootID("next"))
        #expect(again.kept.isFull && again.cached.isEmpty)
        let lost = Locked<Set<PieceIndex>>([])
        again.setPiecesLostHandler { pieces in lost.withLock { $0.formUnion(pieces) } }
        let isDone = Condition(false)
        let hashing = try Thread(name: "hash") { [torrent] in
            for piece in torrent.geometry.pieces { _ = again.settle(piece) }
            isDone.update { $0 = true }
        }
        let gone = again.candidates().filter { $0.piece.value % 2 == 0 }
        _ = try again.evict(gone)
        _ = isDone.wait { $0 ? true : nil }
        hashing.join()
        #expect(again.doubtfulPieceCount == 0)
        #expect(again.cachedPieceCount + lost.withLock { $0.count } == torrent.geometry.pieceCount)
        for file in torrent.layout.files { #expect(again.compare(file, torrent) != nil) }
        #expect(
            again.cachedBytes == PieceStore.payloadBytes(of: again.cached, torrent.metainfo.info))
    }

    @Test func `doubtful pieces are doubtful again where the catalogue cannot be told`() throws {
        let store = try open()
        fill(store)
        #expect(store.close(until: .later))
        let again = try open(BootID("next"))
        let cache = try #require(again.cacheFolder?.cache)
        try cache.setCatalogueReadOnly(true)
        #expect(throws: StorageError.self) { try again.evict(again.candidates()) }
        #expect(again.cached.isEmpty && again.doubtfulPieceCount == torrent.geometry.pieceCount)
        #expect(again.cachedBytes == 0)
        try cache.setCatalogueReadOnly(false)
        for piece in torrent.geometry.pieces { #expect(again.settle(piece)) }
        #expect(again.isComplete(torrent))
    }

    @Test func `what is pinned stays`() throws {
        let store = try open()
        fill(store)
        try store.setPinned([FileIndex(1)], true)
        let pinned = torrent.layout.pieces(of: FileIndex(1))
        _ = try store.evict(store.candidates())
        #expect(store.cached.runs == [pinned])
    }

    @Test func `no hole goes through what an import adopts`() throws {
        let store = try open()
        fill(store)
        store.beginAdopting()
        // A neighbour that an import has hashed, but not reported yet, in the same block.
        let (left, right) = (PieceIndex(21), PieceIndex(22))
        #expect(store.state.withLock { !$0.isFree(left) && !$0.isRemains(right) })
        store.endAdopting()
        _ = try store.evict(store.candidates().filter { $0.piece == left })
        #expect(store.state.withLock { $0.isFree(left) })
    }
}
