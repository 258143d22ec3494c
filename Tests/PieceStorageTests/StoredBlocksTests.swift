import Foundation
import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("Blocks verified by themselves are kept on disk (BEP 52)")
struct StoredBlocksTests {
    private static let block = 16_384
    private static let pieceLength = 262_144

    enum Kind: CaseIterable, Sendable {
        case v2, hybrid, packedV2, packedHybrid
    }

    private let directory: TemporaryDirectory
    private let pools: StoragePools

    init() throws {
        directory = try TemporaryDirectory()
        pools = try makePools()
    }

    /// Piece 1 ends with its file, 100 bytes before its last block does; piece 2 has nine blocks and a
    /// bit.
    private func sample(_ kind: Kind = .v2) throws -> SampleTorrent {
        let files = SampleTorrent.files([Self.block * 32 - 100, Self.block * 9 + 5])
        return switch kind {
        case .v2, .packedV2: try .v2(files, pieceLength: Self.pieceLength)
        case .hybrid, .packedHybrid: try .hybrid(files, pieceLength: Self.pieceLength)
        }
    }

    private func open(
        _ torrent: SampleTorrent, _ kind: Kind = .v2, disk: DiskSync = .system,
        _ change: (inout CachePolicy) -> Void = { _ in }
    ) throws -> PieceStore {
        var policy = CachePolicy()
        if kind == .packedV2 || kind == .packedHybrid { policy.chunkLength = 300_000 }
        change(&policy)
        let cache = try CacheDirectory(path: directory.path, policy: policy, disk: disk)
        return try PieceStore(torrent, in: cache, pools: pools)
    }

    /// What the catalogue says.
    private func rows(_ torrent: SampleTorrent) throws -> [Int64: [Int]] {
        let catalogue = try Catalogue(path: "\(directory.path)/catalogue.sqlite")
        let rows = try catalogue.blocks(of: catalogue.register(torrent.metainfo.info))
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.piece, $0.numbers) })
    }

    private func isRight(
        _ store: PieceStore, _ torrent: SampleTorrent, _ file: Int, at offset: Int, _ count: Int
    ) -> Bool? {
        store.bytes(of: FileIndex(file), offset: Int64(offset), count: count).map {
            $0 == Array(torrent.files[file].bytes[offset..<offset + count])
        }
    }

    // MARK: - Kept

    @Test(arguments: Kind.allCases)
    func `a block is there after a restart without a network, and others fail at once`(
        kind: Kind
    ) throws {
        let torrent = try sample(kind)
        let store = try open(torrent, kind)
        let last = torrent.files.count - 1
        for (piece, block) in [(0, 3), (0, 4), (1, 15), (2, 9)] {
            #expect(store.putBlock(block, of: PieceIndex(piece), torrent) == true)
        }
        store.waitUntilWritten()
        #expect(store.cachedBytes == Int64(3 * Self.block - 100 + 5))
        #expect(store.cachedBytes(of: FileIndex(0)) == Int64(3 * Self.block - 100))
        #expect(store.close(until: .later))
        #expect(try rows(torrent) == [0: [3, 4], 1: [15], 2: [9]])

        let again = try open(torrent, kind) { $0.isOffline = true }
        #expect(again.cachedBytes(of: FileIndex(0)) == Int64(3 * Self.block - 100))
        #expect(again.cachedBytes(of: FileIndex(last)) == 5)
        #expect(again.cachedPieceCount == 0 && again.cached.isEmpty)
        // Within a block, over both of two, the short one, and that of five bytes.
        #expect(isRight(again, torrent, 0, at: 3 * Self.block + 100, 4096) == true)
        #expect(isRight(again, torrent, 0, at: 3 * Self.block, 2 * Self.block) == true)
        #expect(isRight(again, torrent, 0, at: 31 * Self.block, Self.block - 100) == true)
        #expect(isRight(again, torrent, last, at: 9 * Self.block, 5) == true)
        var buffer = [UInt8](repeating: 0, count: 4096)
        for offset in [0, 2 * Self.block, 5 * Self.block - 100, 16 * Self.block] {
            let outcome = buffer.withUnsafeMutableBytes {
                again.read(FileIndex(0), offset: Int64(offset), into: $0)
            }
            #expect(outcome == .failed(ENETUNREACH))
        }
        // Peers are given whole pieces only.
        #expect(!again.has(PieceIndex(0)))
        #expect(again.block(torrent.geometry.block(3, of: PieceIndex(0))) == nil)
    }

    @Test func `its row goes when the piece is whole, and not before that is on disk`() throws {
        let torrent = try sample()
        // What a sync comes to, and nil where it takes its time.
        let verdict = Condition<Int32?>(0)
        let store = try open(
            torrent,
            disk: DiskSync(
                file: { _ in
                    let code = verdict.wait { $0 }
                    return code == 0 ? nil : code
                }, filesystem: { _ in nil }))
        for block in [1, 2] { store.putBlock(block, of: PieceIndex(0), torrent) }
        store.waitUntilWritten()
        #expect(store.flush(until: .later))
        #expect(try rows(torrent) == [0: [1, 2]])
        // A third, and the whole piece: what was not on disk yet is lost with it, and nothing else.
        verdict.update { $0 = nil }
        store.putBlock(3, of: PieceIndex(0), torrent)
        store.putWritten(PieceIndex(0), of: torrent)
        #expect(store.blocks(of: 0) == [])
        #expect(store.cachedBytes == Int64(Self.pieceLength))
        // Nor may it go before the catalogue was told that its blocks do.
        #expect(store.candidates().isEmpty)
        verdict.update { $0 = EIO }
        #expect(store.flush(until: .later))
        #expect(!store.has(PieceIndex(0)))
        #expect(store.blocks(of: 0) == [1, 2])
        #expect(store.cachedBytes == Int64(2 * Self.block))
        #expect(isRight(store, torrent, 0, at: Self.block, 2 * Self.block) == true)
        verdict.update { $0 = 0 }
        store.putWritten(PieceIndex(0), of: torrent)
        #expect(store.flush(until: .later))
        #expect(try rows(torrent) == [:])
        #expect(store.blocks(of: 0) == [])
        #expect(store.close(until: .later))
        #expect(isRight(try open(torrent), torrent, 0, at: 0, Self.pieceLength) == true)
    }

    @Test func `a read waits for what is not here, and the source is told of no more`() throws {
        let torrent = try sample()
        let source = ByteSource()
        let store = try open(torrent)
        for block in [14, 15] { store.putBlock(block, of: PieceIndex(0), torrent) }
        store.waitUntilWritten()
        store.setSource(source)
        let isThere = Condition(false)
        let bytes = Int64(14 * Self.block)..<Int64(17 * Self.block)
        let pieces = PieceIndex(0)..<PieceIndex(2)
        #expect(
            store.wait(for: pieces, of: FileIndex(0), bytes: bytes) {
                isThere.update { $0 = true }
            } != nil)
        #expect(source.told.withLock { $0 } == [Int64(16 * Self.block)..<Int64(17 * Self.block)])
        // What it needs may not go meanwhile.
        #expect(store.flush(until: .later))
        #expect(store.candidates().isEmpty)
        store.putBlock(0, of: PieceIndex(1), torrent)
        #expect(isThere.wait(until: .later) { $0 ? true : nil } == true)
        #expect(isRight(store, torrent, 0, at: 14 * Self.block, 3 * Self.block) == true)
    }

    // MARK: - Durable

    @Test func `the sync sees a catalogue without the blocks being synced`() throws {
        let torrent = try sample()
        let seen = Locked<[Int]>([])
        let path = directory.path
        let store = try open(
            torrent,
            disk: DiskSync(
                file: { _ in
                    let count = try? Catalogue(path: "\(path)/catalogue.sqlite").withDatabase {
                        database throws(Database.Failure) in
                        try database.number("SELECT count(*) FROM blocks")
                    }
                    seen.withLock { $0.append(Int(count.flatMap { $0 } ?? -1)) }
                    return nil
                }, filesystem: { _ in nil }))
        store.putBlock(0, of: PieceIndex(0), torrent)
        store.waitUntilWritten()
        #expect(store.flush(until: .later))
        #expect(seen.withLock { $0.first } == 0)
        #expect(try rows(torrent) == [0: [0]])
    }

    @Test func `a failed sync makes them missing, here and in the catalogue`() throws {
        let torrent = try sample()
        let store = try open(torrent, disk: DiskSync(file: { _ in EIO }, filesystem: { _ in EIO }))
        store.putBlock(0, of: PieceIndex(0), torrent)
        store.waitUntilWritten()
        #expect(isRight(store, torrent, 0, at: 0, 100) == true)
        #expect(store.flush(until: .later))
        #expect(isRight(store, torrent, 0, at: 0, 100) == nil)
        #expect(store.cachedBytes == 0)
        #expect(try rows(torrent) == [:])
    }

    @Test func `a cache file that was deleted has no blocks, also after a restart`() throws {
        let torrent = try sample()
        let store = try open(torrent)
        store.putBlock(0, of: PieceIndex(0), torrent)
        #expect(store.close(until: .later))
        unlink(StoredFiles(directory: directory.path, torrent: torrent).path(of: 0))
        let again = try open(torrent)
        #expect(isRight(again, torrent, 0, at: 0, 100) == nil)
        again.putBlock(1, of: PieceIndex(0), torrent)
        #expect(again.close(until: .later))
        #expect(try rows(torrent) == [0: [1]])
        let last = try open(torrent)
        #expect(isRight(last, torrent, 0, at: 0, 100) == nil)
        #expect(isRight(last, torrent, 0, at: Self.block, 100) == true)
    }

    @Test func `what a crash left of others is given back to the disk`() throws {
        let torrent = try sample()
        let store = try open(torrent)
        for block in 0..<8 { store.putBlock(block, of: PieceIndex(0), torrent) }
        #expect(store.close(until: .later))
        // Of all but two nothing had come to the catalogue.
        let catalogue = try Catalogue(path: "\(directory.path)/catalogue.sqlite")
        let id = try catalogue.register(torrent.metainfo.info)
        try catalogue.remove([], blocks: [PieceIndex(0): [0, 1, 3, 4, 5, 6]], of: id)
        try catalogue.setUncounted(id)
        let again = try open(torrent)
        #expect(eventually { again.usage?.isCounted == true })
        #expect(again.usage?.bytes == Int64(2 * Self.block))
        #expect(isRight(again, torrent, 0, at: 2 * Self.block, Self.block) == true)
        #expect(isRight(again, torrent, 0, at: 7 * Self.block, Self.block) == true)
    }

    // MARK: - Checked

    @Test(arguments: [Kind.v2, .hybrid])
    func `a flipped bit is found by a check, which drops that block and no other`(
        kind: Kind
    ) throws {
        let torrent = try sample(kind)
        let store = try open(torrent, kind)
        for (piece, block) in [(0, 3), (0, 4), (1, 15)] {
            store.putBlock(block, of: PieceIndex(piece), torrent)
        }
        store.waitUntilWritten()
        let sound = try store.recheck(isRepair: true)
        #expect(sound.damaged.isEmpty && sound.pieces == 2)
        #expect(sound.bytes == Int64(3 * Self.block - 100))
        try StoredFiles(directory: directory.path, torrent: torrent)
            .flip(0, at: Int64(4 * Self.block + 77))
        #expect(try store.recheck(isRepair: false).damaged == [PieceIndex(0)])
        #expect(try store.recheck(isRepair: true).isRepaired)
        #expect(store.blocks(of: 0) == [3])
        #expect(try store.recheck(isRepair: true).damaged.isEmpty)
        #expect(store.close(until: .later))
        #expect(try rows(torrent) == [0: [3], 1: [15]])
    }

    @Test func `where each piece is hashed at its first use, so is each block`() throws {
        let torrent = try sample()
        let store = try open(torrent)
        for block in [3, 4] { store.putBlock(block, of: PieceIndex(0), torrent) }
        #expect(store.close(until: .later))
        try StoredFiles(directory: directory.path, torrent: torrent)
            .flip(0, at: Int64(4 * Self.block + 77))
        let again = try open(torrent) { $0.verifiedSince = BootID("next") }
        let before = pools.counters.hashedBytes
        #expect(isRight(again, torrent, 0, at: 3 * Self.block + 10, 100) == true)
        #expect(isRight(again, torrent, 0, at: 3 * Self.block, 100) == true)
        #expect(pools.counters.hashedBytes == before + Int64(Self.block))
        #expect(isRight(again, torrent, 0, at: 4 * Self.block - 10, 100) == nil)
        #expect(again.blocks(of: 0) == [3])
        #expect(try rows(torrent) == [0: [3]])
    }

    // MARK: - Evicted

    private func setUse(_ store: PieceStore, _ piece: Int, _ blocks: Range<Int>, seconds: Int64) {
        store.state.withLock {
            $0.stored.note(blocks, of: PieceIndex(piece), at: UseTime(seconds: seconds))
        }
    }

    @Test(arguments: Kind.allCases)
    func `they go one by one, the least recently used first`(kind: Kind) throws {
        let torrent = try sample(kind)
        let store = try open(torrent, kind)
        for block in 0..<16 { store.putBlock(block, of: PieceIndex(1), torrent) }
        store.putBlock(2, of: PieceIndex(0), torrent)
        store.waitUntilWritten()
        #expect(store.flush(until: .later))
        let before = try #require(store.usage?.bytes)
        let year: Int64 = 1_750_000_000
        setUse(store, 1, 4..<7, seconds: year)
        setUse(store, 1, 15..<16, seconds: year + 10)
        let chosen = EvictionPolicy.choose([store.candidates()], bytes: Int64(4 * Self.block))[0]
        #expect(chosen.count == 2 && chosen.allSatisfy { $0.piece == PieceIndex(1) })
        // One of them is read before they go.
        #expect(isRight(store, torrent, 0, at: 21 * Self.block, 100) == true)
        #expect(try store.evict(chosen) == Int64(3 * Self.block))
        #expect(store.usage?.bytes == before - Int64(3 * Self.block))
        #expect(store.blocks(of: 1) == Array(0..<4) + [5] + Array(7..<15))
        #expect(isRight(store, torrent, 0, at: 20 * Self.block, 100) == nil)
        #expect(isRight(store, torrent, 0, at: 19 * Self.block, Self.block) == true)
        #expect(isRight(store, torrent, 0, at: 21 * Self.block, Self.block) == true)
        #expect(store.close(until: .later))
        #expect(try rows(torrent) == [0: [2], 1: Array(0..<4) + [5] + Array(7..<15)])
        let again = try open(torrent, kind)
        #expect(again.compare(FileIndex(0), torrent) != nil)
        // And they can come again.
        again.putBlock(4, of: PieceIndex(1), torrent)
        again.waitUntilWritten()
        #expect(isRight(again, torrent, 0, at: 20 * Self.block, Self.block) == true)
    }

    @Test func `those of a pinned file stay, and go when it is let go`() throws {
        let torrent = try sample()
        let store = try open(torrent)
        store.putBlock(0, of: PieceIndex(0), torrent)
        store.putBlock(0, of: PieceIndex(2), torrent)
        store.waitUntilWritten()
        try store.setPinned([FileIndex(0)], true)
        #expect(try store.evict().bytes == Int64(Self.block))
        #expect(store.blocks(of: 0) == [0] && store.blocks(of: 2) == [])
        try store.setPinned([FileIndex(0)], false)
        #expect(try store.evict().bytes == Int64(Self.block))
        #expect(store.cachedBytes == 0)
        #expect(try rows(torrent) == [:])
        #expect(store.usage?.bytes == 0)
    }

    @Test func `a catalogue that cannot be told keeps them`() throws {
        let torrent = try sample()
        let store = try open(torrent)
        store.putBlock(0, of: PieceIndex(0), torrent)
        store.waitUntilWritten()
        #expect(store.flush(until: .later))
        let catalogue = try #require(store.cacheFolder?.cache.catalogue)
        try catalogue.withDatabase { database throws(Database.Failure) in
            try database.execute("PRAGMA query_only = 1")
        }
        #expect(throws: StorageError.self) { try store.evict(store.candidates()) }
        #expect(isRight(store, torrent, 0, at: 0, Self.block) == true)
        try catalogue.withDatabase { database throws(Database.Failure) in
            try database.execute("PRAGMA query_only = 0")
        }
        #expect(try store.evict(store.candidates()) == Int64(Self.block))
        #expect(isRight(store, torrent, 0, at: 0, Self.block) == nil)
    }

    @Test func `they make room for another torrent that nobody has open`() throws {
        let torrent = try sample()
        let store = try open(torrent)
        for block in 0..<16 { store.putBlock(block, of: PieceIndex(0), torrent) }
        #expect(store.close(until: .later))
        let cache = try CacheDirectory(path: directory.path)
        let (before, after) = try cache.shrink(to: Int64(4 * Self.block), pools: pools)
        #expect(before >= Int64(16 * Self.block) && after < Int64(4 * Self.block))
        #expect(try rows(torrent) == [:])
    }

    @Test(.enabled(if: TinyFilesystem.isAllowed, "mounting needs root"))
    func `on a full disk they are served from memory, and nothing is lost`() throws {
        let small = try TinyFilesystem(bytes: 1 << 20)
        let torrent = try SampleTorrent.v2(
            SampleTorrent.files([2 << 20]), pieceLength: Self.pieceLength)
        let store = try PieceStore(
            torrent, in: CacheDirectory(path: small.directory.path), pools: pools)
        // Nothing can be evicted.
        try store.setPinned([FileIndex(0)], true)
        for piece in torrent.geometry.pieces {
            for block in 0..<16 {
                #expect(store.putBlock(block, of: piece, torrent) == true)
                store.waitUntilWritten()
            }
        }
        #expect(store.compare(FileIndex(0), torrent) == 2 << 20)
        let onDisk = store.cachedBytes
        #expect(onDisk > 0 && onDisk < 1 << 20)
        #expect(store.close(until: .later))
        let again = try PieceStore(
            torrent, in: CacheDirectory(path: small.directory.path), pools: pools)
        // The catalogue may not have had room for all of it.
        #expect(again.cachedBytes <= onDisk)
        #expect(again.compare(FileIndex(0), torrent) != nil)
    }

    @Test func `an import does not go over them`() throws {
        let torrent = try sample()
        let store = try open(torrent)
        store.putBlock(3, of: PieceIndex(0), torrent)
        store.waitUntilWritten()
        var wrong = torrent.files
        for index in wrong[0].bytes.indices { wrong[0].bytes[index] ^= 1 }
        let data = try directory.write(SampleTorrent(metainfo: torrent.metainfo, files: wrong))
        _ = try store.importData(at: data)
        #expect(isRight(store, torrent, 0, at: 3 * Self.block, Self.block) == true)
        #expect(isRight(store, torrent, 1, at: 0, 100) == true)
    }
}

/// A source that notes which bytes it is asked for.
private final class ByteSource: BlockSource {
    let told = Locked<[Range<Int64>?]>([])

    func readArrived(_ read: ReadID, pieces: Range<PieceIndex>) {}

    func readArrived(_ read: ReadID, pieces: Range<PieceIndex>, bytes: Range<Int64>?) {
        told.withLock { $0.append(bytes) }
    }

    func readEnded(_ read: ReadID) {}
    func readahead(_ stream: StreamID, pieces: Range<PieceIndex>) {}
    func readTimedOut(_ read: ReadID, pieces: Range<PieceIndex>, path: String) {}
}
