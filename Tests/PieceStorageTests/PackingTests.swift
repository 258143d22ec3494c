import Foundation
import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("Torrents of very many small files are packed into few cache files")
struct PackingTests {
    /// A chunk ends after the second piece: (50,000 / 32,768 + 1) pieces.
    private static let chunkLength: Int64 = 50_000
    private static let pieceLength = 32_768
    private static let lengths =
        [60_000, 0, 700, 16_384, 40_000] + [Int](repeating: 1234, count: 60) + [100_000]

    private let directory: TemporaryDirectory
    private let pools: StoragePools

    init() throws {
        directory = try TemporaryDirectory()
        pools = try makePools()
    }

    enum Version: CaseIterable, Sendable {
        case v1, v2, hybrid
    }

    private func sample(_ version: Version) throws -> SampleTorrent {
        // Ten names at most are in the order of their numbers, as v2 wants them.
        let files = SampleTorrent.files(
            version == .v1 ? Self.lengths : Self.lengths.prefix(8) + Self.lengths.suffix(1))
        return switch version {
        case .v1: try .v1(files, pieceLength: Self.pieceLength)
        case .v2: try .v2(files, pieceLength: Self.pieceLength)
        case .hybrid: try .hybrid(files, pieceLength: Self.pieceLength)
        }
    }

    private func open(
        _ torrent: SampleTorrent, chunkLength: Int64? = chunkLength, borrows: Bool = false
    ) throws -> PieceStore {
        var policy = CachePolicy()
        policy.chunkLength = chunkLength
        policy.borrowsPieces = borrows
        let cache = try CacheDirectory(path: directory.path, policy: policy)
        return try PieceStore(torrent, in: cache, pools: pools)
    }

    private func cacheFiles(_ torrent: SampleTorrent) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(
            atPath: "\(directory.path)/\(torrent.metainfo.info.identity)"
        ).filter { $0.contains("/") && Int($0.split(separator: "/").last ?? "") != nil }
            .filter { !$0.hasSuffix("s/0") }
    }

    @Test(arguments: Version.allCases)
    func `what was written is read, by readers and peers, now and after a restart`(
        version: Version
    ) throws {
        let torrent = try sample(version)
        let store = try open(torrent)
        store.putAll(torrent)
        store.flush(until: .later)
        #expect(store.isComplete(torrent))
        for file in torrent.layout.files { #expect(!store.isCompleteOnDisk(file)) }
        if store.retainCompleteFile(FileIndex(0)) != nil { Issue.record("nobody can read that") }
        let first = torrent.geometry.block(0, of: PieceIndex(1))
        #expect(
            store.block(first)
                == Array(torrent.bytes(of: PieceIndex(1)).prefix(Int(first.length))))
        #expect(store.cachedBytes == torrent.layout.payloadLength)
        #expect(store.close(until: .later))
        let chunks = (torrent.geometry.pieceCount + 1) / 2
        #expect(try cacheFiles(torrent).count == chunks)
        let again = try open(torrent)
        #expect(again.isComplete(torrent))
        #expect(again.cachedBytes == torrent.layout.payloadLength)
        // A place is for good.
        #expect(again.close(until: .later))
        let other = try open(torrent)
        #expect(other.disk.isPacked)
        other.close(until: .later)
    }

    @Test(arguments: Version.allCases)
    func `evicted pieces give their blocks back, and the others stay`(version: Version) throws {
        let torrent = try sample(version)
        let store = try open(torrent)
        store.putAll(torrent)
        store.flush(until: .later)
        let before = diskUse("\(directory.path)/\(torrent.metainfo.info.identity)")
        let some = store.candidates().filter { $0.piece.value % 3 != 0 }
        #expect(try store.evict(some) > 0)
        let after = diskUse("\(directory.path)/\(torrent.metainfo.info.identity)")
        #expect(after < before)
        for file in torrent.layout.files { #expect(store.compare(file, torrent) != nil) }
        #expect(store.cachedPieceCount == torrent.geometry.pieceCount - some.count)
        #expect(store.cachedBytes < torrent.layout.payloadLength)
        store.putAll(torrent)
        #expect(store.isComplete(torrent))
        #expect(store.cachedBytes == torrent.layout.payloadLength)
        _ = try store.evict(store.candidates(unsynced: true))
        store.flush(until: .later)
        _ = try store.evict(store.candidates())
        #expect(store.cached.isEmpty)
        #expect(store.cachedBytes == 0)
        store.close(until: .later)
    }

    @Test(arguments: [(true, false), (false, true), (true, true)])
    func `another torrent takes what a packed one holds, and the other way round`(
        isDonorPacked: Bool, isTakerPacked: Bool
    ) throws {
        let files = SampleTorrent.files(Self.lengths)
        let old = try SampleTorrent.v1(files, pieceLength: Self.pieceLength, name: "old")
        let new = try SampleTorrent.v1(files, pieceLength: Self.pieceLength, name: "new")
        let donor = try open(old, chunkLength: isDonorPacked ? Self.chunkLength : nil)
        donor.putAll(old)
        #expect(donor.close(until: .later))
        // The folder says what the donor is; its length of chunks is the test's.
        let store = try open(
            new, chunkLength: isTakerPacked ? Self.chunkLength : nil, borrows: true)
        guard isTakerPacked || !isDonorPacked else {
            // Chunks of another length are not what they are taken for: nothing wrong comes of it.
            for piece in new.geometry.pieces { #expect(!store.borrow(piece)) }
            return
        }
        for piece in new.geometry.pieces { #expect(store.borrow(piece)) }
        #expect(store.isComplete(new))
        store.close(until: .later)
    }

    @Test(arguments: Version.allCases)
    func `a lost catalogue is made anew from the chunks`(version: Version) throws {
        let torrent = try sample(version)
        // So long that all is in one chunk, as a rebuild takes the length for granted.
        let store = try open(torrent, chunkLength: 64 << 20)
        let some = torrent.geometry.pieces.filter { $0.value % 2 == 0 }
        for piece in some { store.put(piece, torrent.bytes(of: piece)) }
        store.waitUntilWritten()
        store.flush(until: .later)
        let info = torrent.metainfo.info
        let folder = Glibc.open("\(directory.path)/\(info.identity)", O_RDONLY | O_DIRECTORY)
        defer { close(folder) }
        let written = WrittenPieces(of: info, in: folder).pieces
        for piece in some { #expect(written[piece]) }
        #expect(written.setCount < torrent.geometry.pieceCount)
        store.close(until: .later)
    }

    @Test func `what the user has is adopted`() throws {
        let torrent = try sample(.v1)
        let data = "\(directory.path)/data"
        for file in torrent.files {
            let path = "\(data)/sample/\(file.path.joined(separator: "/"))"
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true)
            try Data(file.bytes).write(to: URL(fileURLWithPath: path))
        }
        let store = try open(torrent)
        let folder = try #require(store.cacheFolder)
        let work = try DataImport(store, folder, path: "\(data)/sample") { _, _ in true }
        let result = try work.run { _, _ in
        } isCancelled: {
            false
        }
        #expect(result.adopted == torrent.geometry.pieceCount)
        #expect(store.isComplete(torrent))
        store.close(until: .later)
    }

    @Test func `only torrents of very many small files are`() throws {
        let many = try SampleTorrent.v1(
            SampleTorrent.files([Int](repeating: 20, count: 4096)), pieceLength: 16_384)
        #expect(DiskLayout.packs(many.layout))
        let few = try SampleTorrent.v1(
            SampleTorrent.files([Int](repeating: 20, count: 4095)), pieceLength: 16_384)
        #expect(!DiskLayout.packs(few.layout))
        // 20 GB in files of 20 KB; the layout alone is made.
        let layout = DiskLayout(many.layout, pieceLength: 16_384, isPacked: true)
        #expect(layout.count == 1)
        #expect(layout.length(of: FileIndex(0)) == many.layout.totalLength)
    }
}
