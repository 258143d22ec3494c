import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

/// A cache with a limit against a reference that knows each torrent's bytes and nothing else: random
/// writes of pieces and of single blocks, reads, evictions, closings and crashes, over several torrents
/// and two holders of the directory. Whatever is read is right, what is cached is in the files, and the disk never holds
/// more than the limit.
@Suite("A cache with a limit, against a model", .timeLimit(.minutes(5)))
struct EvictionModelTests {
    private final class Model {
        static let size: Int64 = 3 << 20

        let directory: TemporaryDirectory
        let torrents: [SampleTorrent]
        let pools: StoragePools
        var random: SeededRandom
        var caches: [CacheDirectory]
        var stores: [PieceStore?]

        init(seed: UInt64) throws {
            var random = SeededRandom(seed: seed)
            directory = try TemporaryDirectory()
            pools = try makePools { $0.retainedBytes = 1 << 20 }
            let lengths = (0..<12).map { _ in 1 + Int(random.next() % 400_000) }
            torrents = [
                try .v1(SampleTorrent.files(lengths, seed: seed), pieceLength: 32_768, name: "v1"),
                try .v1(
                    SampleTorrent.files(lengths, seed: seed + 1), pieceLength: 65_536, name: "b"),
                try .single(2_500_000, pieceLength: 16_384),
                try .v2(SampleTorrent.files([2_000_000, 700_000, 9]), pieceLength: 262_144),
            ]
            stores = torrents.map { _ in nil }
            self.random = random
            caches = []
            caches = try (0..<2).map { _ in try newCache() }
        }

        private func newCache() throws -> CacheDirectory {
            // Nothing here depends on who gives way, and a thousand steps are not to wait for it.
            try CacheDirectory(
                path: directory.path, limits: CacheLimits(size: Self.size, free: .bytes(0)),
                disk: .system, patience: .seconds(2))
        }

        /// A torrent that is open, after it was opened where it was not.
        private func store(_ number: Int) throws -> PieceStore {
            if let store = stores[number] { return store }
            let store = try PieceStore(
                torrents[number], in: caches[Int(random.next() % 2)], pools: pools)
            stores[number] = store
            return store
        }

        private func piece(of torrent: SampleTorrent) -> PieceIndex {
            PieceIndex(Int(random.next() % UInt64(torrent.geometry.pieceCount)))
        }

        func step() throws {
            let number = Int(random.next() % UInt64(torrents.count))
            let torrent = torrents[number]
            switch random.next() % 100 {
            case 0..<60 where torrent.metainfo.info.version == .v2 && random.next() % 8 != 0:
                let store = try store(number)
                for _ in 0..<12 {
                    let piece = piece(of: torrent)
                    let count = UInt64(torrent.geometry.blockCount(of: piece))
                    store.putBlock(Int(random.next() % count), of: piece, torrent)
                }
                if random.next() % 4 == 0 { store.waitUntilWritten() }
                if random.next() % 8 == 0 { store.flush(until: .later) }
            case 0..<60:
                let store = try store(number)
                let first = piece(of: torrent)
                for value in first.value..<min(first.value + 4, torrent.geometry.pieceCount) {
                    store.put(PieceIndex(value), torrent.bytes(of: PieceIndex(value)))
                }
                if random.next() % 4 == 0 { store.waitUntilWritten() }
                if random.next() % 8 == 0 { store.flush(until: .later) }
            case 60..<85:
                try read(number)
            case 85..<92:
                let store = try store(number)
                let some = store.candidates().filter { _ in random.next() % 3 == 0 }
                _ = try store.evict(some)
            case 92..<96:
                if let store = stores[number] { #expect(store.close(until: .later)) }
                stores[number] = nil
            default:
                // A process that dies: nothing is said, the lock goes with the last reference.
                if let store = stores[number] {
                    store.waitUntilWritten()
                    store.state.withLock { $0.isLeaving = true }
                    _ = store.evictions.wait { _ in
                        store.state.withLock { $0.evicting.isEmpty } ? true : nil
                    }
                    store.cacheFolder?.cache.limiter.remove(store)
                    _ = store.cacheFolder?.cache.commits.flush(until: .later)
                    store.cacheFolder?.unlock()
                }
                stores[number] = nil
            }
            #expect(diskUse(directory.path) <= Self.size)
        }

        private func read(_ number: Int) throws {
            let torrent = torrents[number]
            let store = try store(number)
            let file = FileIndex(Int(random.next() % UInt64(torrent.files.count)))
            let source = torrent.files[file.value].bytes
            guard !source.isEmpty, !torrent.files[file.value].isPadding else { return }
            let offset = Int(random.next() % UInt64(source.count))
            let count = min(source.count - offset, 1 + Int(random.next() % 90_000))
            let pieces = torrent.layout.pieces(of: file, offset: Int64(offset), count: count)
            let wereThere = pieces.allSatisfy { store.has($0) }
            if let bytes = store.bytes(of: file, offset: Int64(offset), count: count) {
                #expect(bytes == Array(source[offset..<offset + count]))
            } else {
                // Gone meanwhile, or never there.
                #expect(!wereThere || pieces.contains { !store.has($0) })
            }
        }

        func check() {
            for (store, torrent) in zip(stores, torrents) {
                guard let store else { continue }
                for file in torrent.layout.files where !torrent.files[file.value].isPadding {
                    #expect(store.compare(file, torrent) != nil)
                }
                store.close(until: .later)
            }
        }
    }

    @Test(arguments: 0..<4)
    func `random sequences serve the right bytes within the limit`(number: Int) throws {
        let model = try Model(seed: UInt64(number))
        for _ in 0..<250 { try model.step() }
        model.check()
        // Opened anew, all that the catalogue says is there is right.
        for torrent in model.torrents {
            let store = try PieceStore(torrent, in: model.caches[0], pools: model.pools)
            for file in torrent.layout.files where !torrent.files[file.value].isPadding {
                #expect(store.compare(file, torrent) != nil)
            }
            store.close(until: .later)
        }
    }
}
