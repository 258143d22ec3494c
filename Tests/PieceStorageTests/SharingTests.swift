import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore
import TorrentCrypto

@testable import PieceStorage

@Suite("Torrents of a cache that hold the same data")
struct SharingTests {
    private let directory: TemporaryDirectory
    private let pools: StoragePools

    init() throws {
        directory = try TemporaryDirectory()
        pools = try makePools()
    }

    private func open(_ torrent: SampleTorrent, borrows: Bool = true) throws -> PieceStore {
        var policy = CachePolicy()
        policy.borrowsPieces = borrows
        let cache = try CacheDirectory(path: directory.path, policy: policy)
        return try PieceStore(metainfo: torrent.metainfo, location: .cache(cache), pools: pools)
    }

    /// Has a torrent cached, as far as `pieces` says, and closed.
    private func fill(_ torrent: SampleTorrent, _ pieces: Range<PieceIndex>? = nil) throws {
        let store = try open(torrent, borrows: false)
        for piece in pieces ?? torrent.geometry.pieces {
            store.put(piece, torrent.bytes(of: piece))
        }
        #expect(store.close(until: .later))
    }

    /// The same files with some bytes of one changed.
    private func changed(
        _ files: [SampleTorrent.File], _ file: Int, at offset: Int
    ) -> [SampleTorrent.File] {
        var files = files
        files[file].bytes[offset] ^= 1
        return files
    }

    /// Waits for each of these pieces, with a source that fetches nothing; those that came.
    private func take(_ pieces: Range<PieceIndex>, _ store: PieceStore) -> Bitfield {
        var found = Bitfield(count: store.geometry.pieceCount)
        for piece in pieces {
            let range = piece..<piece.advanced(by: 1)
            let wait = store.wait(for: range, completion: {})
            store.waitUntilWritten()
            if let wait { _ = store.cancelWait(wait) }
            found[piece] = store.cached[piece]
        }
        return found
    }

    @Test(.timeLimit(.minutes(1)))
    func `a torrent of zeros is found in another one as fast as any`() throws {
        let count = 100_000
        let zeros = OpenSSLHashing().sha1([UInt8](repeating: 0, count: 16_384).span).bytes
        let torrents = try ["one", "two"].map { name in
            let info: [String: Bencoded] = [
                "name": .text(name), "piece length": .integer(16_384),
                "length": .integer(count * 16_384),
                "pieces": .bytes([[UInt8]](repeating: zeros, count: count).flatMap(\.self)),
            ]
            return try TorrentMetainfo(
                parsing: Bencoded.dictionary(["info": .dictionary(info)]).encoded,
                hashing: OpenSSLHashing())
        }
        let matching = PieceMatching(torrents[0], missing: { $0.value != 7 })
        let found = matching.matches(
            in: torrents[1], cached: Bitfield(count: count, allSet: true))
        #expect(found.count == count - 1)
    }

    @Test func `a new version costs only the pieces that changed`() throws {
        let files = SampleTorrent.files([40 * 16_384 - 100, 30 * 16_384])
        let old = try SampleTorrent.v1(files, pieceLength: 16_384, name: "old")
        let new = try SampleTorrent.v1(
            changed(files, 1, at: 5 * 16_384), pieceLength: 16_384, name: "new")
        try fill(old)
        let store = try open(new)
        let differing = new.geometry.pieces.filter { old.bytes(of: $0) != new.bytes(of: $0) }
        #expect(differing.count == 1)
        #expect(store.cached.isEmpty)
        #expect(store.obtainable.setCount == 69)
        #expect(!store.has(differing[0]))
        let lost = Locked<[PieceIndex]>([])
        store.setPiecesLostHandler { pieces in lost.withLock { $0 += pieces } }
        let taken = take(new.geometry.pieces, store)
        #expect(taken.setCount == 69 && !taken[differing[0]])
        #expect(lost.withLock { $0 }.isEmpty)
        store.put(differing[0], new.bytes(of: differing[0]))
        store.waitUntilWritten()
        #expect(store.isComplete(new))
        #expect(store.cachedBytes == new.layout.payloadLength)
        #expect(store.close(until: .later))
        // For good, and whatever becomes of the old one.
        let cache = try CacheInventory(path: directory.path)
        let listed = try #require(try cache.torrents().first { $0.name == Array("old".utf8) })
        try cache.remove(listed)
        #expect(try open(new).isComplete(new))
    }

    @Test func `files are found in another order and split otherwise, where pieces line up`() throws
    {
        let files = SampleTorrent.files([3 * 16_384, 5 * 16_384, 2 * 16_384, 777])
        try fill(try SampleTorrent.v1(files, pieceLength: 16_384, name: "old"))
        var joined = files[2]
        joined.bytes += files[0].bytes
        let new = try SampleTorrent.v1(
            [files[1], joined, files[3]], pieceLength: 16_384, name: "new")
        let store = try open(new)
        #expect(store.obtainable.isFull)
        #expect(take(new.geometry.pieces, store).isFull)
        #expect(store.isComplete(new))
        // By the SHA-1 of its pieces.
        let hybrid = try SampleTorrent.hybrid(files, pieceLength: 16_384)
        let padded = try open(hybrid)
        #expect(padded.obtainable.setCount >= 10)
        _ = take(hybrid.geometry.pieces, padded)
        for file in hybrid.layout.files.prefix(3) {
            #expect(padded.compare(file, hybrid) == hybrid.files[file.value].bytes.count)
        }
    }

    @Test func `files of the same pieces root are the same whatever the piece length`() throws {
        let files = SampleTorrent.files([200_000, 150_001, 16_384, 5], seed: 3)
        let old = try SampleTorrent.v2(files, pieceLength: 32_768)
        // The last piece of the first file and what follows are not there.
        try fill(old, PieceIndex(0)..<PieceIndex(6))
        // The order in the file tree is that of the names.
        var mixed = [files[1], files[0], files[3]]
        for index in mixed.indices { mixed[index].path = ["d0", "f\(index)"] }
        let new = try SampleTorrent.v2(mixed, pieceLength: 65_536)
        let store = try open(new)
        let first = new.layout.pieces(of: FileIndex(1))
        #expect(store.obtainable.runs == [first.lowerBound..<first.lowerBound.advanced(by: 3)])
        #expect(take(new.geometry.pieces, store).setCount == 3)
        #expect(store.compare(FileIndex(1), new) ?? 0 > 190_000)
    }

    @Test func `what changed within a large v2 file is all that is missing`() throws {
        let files = SampleTorrent.files([40 * 16_384 + 5], seed: 4)
        try fill(try SampleTorrent.v2(files, pieceLength: 16_384))
        let new = try SampleTorrent.v2(changed(files, 0, at: 100_000), pieceLength: 16_384)
        let store = try open(new)
        #expect(store.obtainable.setCount == 40)
        #expect(!store.has(PieceIndex(6)))
        #expect(take(new.geometry.pieces, store).setCount == 40)
        #expect(store.compare(FileIndex(0), new) != nil)
    }

    @Test func `a donor that is damaged or gone is noticed, and the piece fetched`() throws {
        let old = try SampleTorrent.single(20 * 16_384, pieceLength: 16_384, name: "old")
        try fill(old)
        let new = try SampleTorrent.v1(old.files, pieceLength: 16_384, name: "new")
        let store = try open(new)
        #expect(store.obtainable.isFull)
        try StoredFiles(directory: directory.path, torrent: old).flip(0, at: 3 * 16_384 + 7)
        let source = RecordingSource()
        store.setSource(source)
        let lost = Locked<[PieceIndex]>([])
        store.setPiecesLostHandler { pieces in lost.withLock { $0 += pieces } }
        let damaged = PieceIndex(3)
        let isRead = Condition(false)
        let wait = store.wait(for: damaged..<PieceIndex(5)) { isRead.update { $0 = true } }
        #expect(wait != nil)
        store.waitUntilWritten()
        #expect(lost.withLock { $0 } == [damaged])
        #expect(!store.has(damaged) && store.cached[PieceIndex(4)])
        // The engine fetches it, as its source was told of the read.
        store.put(damaged, new.bytes(of: damaged))
        #expect(isRead.wait(until: .later) { $0 ? true : nil } == true)

        // Evicted by its holder meanwhile.
        let donor = try open(old, borrows: false)
        _ = try donor.evict()
        #expect(donor.cached.isEmpty)
        #expect(store.block(new.geometry.block(0, of: PieceIndex(10))) == nil)
        #expect(lost.withLock { $0 } == [damaged, PieceIndex(10)])
        #expect(store.compare(FileIndex(0), new) != nil)
    }

    @Test func `peers and prefetches get what another torrent holds, once`() throws {
        let old = try SampleTorrent.single(64 * 16_384, pieceLength: 16_384, name: "old")
        try fill(old)
        let new = try SampleTorrent.v1(old.files, pieceLength: 16_384, name: "new")
        let store = try open(new)
        let block = new.geometry.block(0, of: PieceIndex(7))
        #expect(store.block(block) == Array(new.bytes(of: PieceIndex(7))))
        #expect(store.cachedPieceCount == 1)
        store.setSource(RecordingSource())
        // Many at once, twice each.
        let threads = try (0..<4).map { number in
            try Thread(name: "reader") {
                for piece in 0..<64 where piece % 4 != number {
                    _ = store.borrow(PieceIndex(piece))
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(store.cached.isFull)
        #expect(store.isComplete(new))
        #expect(pools.counters.writtenBytes == 64 * 16_384 * 2)
    }

    @Test func `in a full cache what is elsewhere takes the place of what is old`() throws {
        let old = try SampleTorrent.single(40 * 65_536, pieceLength: 65_536, name: "old")
        try fill(old)
        let new = try SampleTorrent.v1(old.files, pieceLength: 65_536, name: "new")
        var policy = CachePolicy()
        policy.borrowsPieces = true
        let cache = try CacheDirectory(
            path: directory.path, policy: policy,
            limits: CacheLimits(size: 4 << 20, free: .bytes(0)))
        let store = try PieceStore(
            metainfo: new.metainfo, location: .cache(cache), pools: pools)
        #expect(store.obtainable.isFull)
        for piece in new.geometry.pieces {
            _ = store.borrow(piece)
            #expect(diskUse(directory.path) <= 4 << 20)
        }
        #expect(store.cachedPieceCount > 0)
        #expect(store.compare(FileIndex(0), new) != nil)
    }

    @Test func `nothing is looked for unless that is asked for`() throws {
        let old = try SampleTorrent.single(20 * 16_384, pieceLength: 16_384, name: "old")
        try fill(old)
        let new = try SampleTorrent.v1(old.files, pieceLength: 16_384, name: "new")
        let store = try open(new, borrows: false)
        #expect(store.obtainable.isEmpty)
        // Another piece length, and no roots.
        store.close(until: .later)
        #expect(
            try open(SampleTorrent.v1(old.files, pieceLength: 32_768, name: "x")).obtainable.isEmpty
        )
    }
}
