import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

/// On a filesystem without direct writing the same must hold, by way of the page cache.
@Suite("Pieces written past the page cache")
struct DirectWritingTests {
    private static let pieceLength = 512 << 10

    private func makePools(bufferBytes: Int = 64 << 20) throws -> StoragePools {
        var configuration = StorageConfiguration()
        configuration.hashThreads = 2
        configuration.directWritingRate = 0
        configuration.bufferBytes = bufferBytes
        return try StoragePools(configuration: configuration)
    }

    private func makeStore(
        _ torrent: SampleTorrent, in directory: TemporaryDirectory, _ pools: StoragePools
    ) throws -> PieceStore {
        try PieceStore(torrent, in: CacheDirectory(path: directory.path), pools: pools)
    }

    /// Whether the filesystem of a directory takes direct writes.
    private func isDirect(_ directory: TemporaryDirectory) -> Bool {
        let path = "\(directory.path)/probe"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard let owned = try? OwnedDescriptor(descriptor, path) else { return false }
        let file = OpenFile(owned, budget: OpenFileBudget(limit: 4))
        let pool = BufferPool(limit: 4 << 20)
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        return zeros.withUnsafeBytes { file.writeDirectly($0, at: 0, pool: pool) } == .done
    }

    @Test(arguments: [0, 1, 511, 4095, 4096, 12_345])
    func `any offset and length is written whole`(offset: Int) throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/file"
        let file = OpenFile(
            try OwnedDescriptor(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600), path),
            budget: OpenFileBudget(limit: 4))
        let pool = BufferPool(limit: 4 << 20)
        for length in [256 << 10, (256 << 10) + 1, (2 << 20) + 5000] {
            let bytes = SampleTorrent.files([length], seed: UInt64(length + offset))[0].bytes
            // In memory as in the file, and not.
            for shift in [offset % 4096, 77] {
                let memory = UnsafeMutableRawBufferPointer.allocate(
                    byteCount: length + 8192, alignment: 4096)
                defer { memory.deallocate() }
                let part = UnsafeMutableRawBufferPointer(
                    rebasing: memory[shift..<shift + length])
                part.copyBytes(from: bytes)
                let result = file.writeDirectly(
                    UnsafeRawBufferPointer(part), at: Int64(offset), pool: pool)
                guard let result else { continue }
                #expect(result == .done)
                var read = [UInt8](repeating: 0, count: length)
                let code = read.withUnsafeMutableBytes { file.read($0, at: Int64(offset)) }
                #expect(code == nil)
                #expect(read == bytes)
            }
        }
    }

    @Test func `a short part is left to the page cache`() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/file"
        let file = OpenFile(
            try OwnedDescriptor(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600), path),
            budget: OpenFileBudget(limit: 4))
        let zeros = [UInt8](repeating: 0, count: 16_384)
        let result = zeros.withUnsafeBytes {
            file.writeDirectly($0, at: 0, pool: BufferPool(limit: 4 << 20))
        }
        #expect(result == nil)
    }

    @Test func `files that begin anywhere in a piece hold what they should`() throws {
        let directory = try TemporaryDirectory()
        let files = SampleTorrent.files([1_000_000, 3, 700_001, 0, 2_000_000, 512 << 10])
        let torrent = try SampleTorrent.v1(files, pieceLength: Self.pieceLength)
        let pools = try makePools()
        let store = try makeStore(torrent, in: directory, pools)
        store.putAll(torrent)
        #expect(store.isComplete(torrent))
        while pools.recent.dropOldest() {}
        #expect(store.isComplete(torrent))
        let stored = StoredFiles(directory: directory.path, torrent: torrent)
        for (index, file) in files.enumerated() where !file.bytes.isEmpty {
            #expect(try stored.bytes(of: index) == file.bytes)
        }
        #expect(store.close(until: .later))
    }

    @Test func `a piece just written is served from memory, to readers and to peers`() throws {
        let directory = try TemporaryDirectory()
        guard isDirect(directory) else { return }
        let torrent = try SampleTorrent.single(
            Self.pieceLength * 3, pieceLength: Self.pieceLength)
        let pools = try makePools()
        let store = try makeStore(torrent, in: directory, pools)
        for piece in torrent.geometry.pieces {
            store.put(piece, torrent.bytes(of: piece))
            store.waitUntilWritten()
        }
        #expect(store.cachedPieceCount == 3)
        #expect(pools.recent.bytes == 3 * Self.pieceLength)
        // What is on disk is wrong from now on: it is not looked at.
        try StoredFiles(directory: directory.path, torrent: torrent)
            .flip(0, at: Int64(Self.pieceLength) + 100)
        #expect(store.isComplete(torrent))
        let request = BlockRequest(piece: PieceIndex(1), begin: 0, length: 16_384)
        #expect(store.block(request) == Array(torrent.bytes(of: PieceIndex(1)).prefix(16_384)))
        while pools.recent.dropOldest() {}
        #expect(pools.recent.bytes == 0)
        #expect(!store.isComplete(torrent))
        #expect(store.close(until: .later))
    }

    @Test func `memory of pieces just written is there for others, that of read ones first`() throws
    {
        let directory = try TemporaryDirectory()
        guard isDirect(directory) else { return }
        let torrent = try SampleTorrent.single(
            Self.pieceLength * 20, pieceLength: Self.pieceLength)
        let pools = try makePools(bufferBytes: Self.pieceLength * 6)
        let store = try makeStore(torrent, in: directory, pools)
        for piece in 0..<6 {
            // One by one: what piles up may take the other way.
            store.put(PieceIndex(piece), torrent.bytes(of: PieceIndex(piece)))
            store.waitUntilWritten()
        }
        #expect(pools.recent.bytes == 6 * Self.pieceLength)
        #expect(store.availableBufferBytes == 6 * Self.pieceLength)
        #expect(pools.bufferedBytes == 6 * Self.pieceLength)
        _ = store.bytes(
            of: FileIndex(0), offset: Int64(2 * Self.pieceLength), count: Self.pieceLength)
        let first = try #require(store.makeBuffer(for: PieceIndex(10)))
        #expect(store.state.withLock { Set($0.recent.keys.map(\.value)) } == [0, 1, 3, 4, 5])
        var others: [PieceBuffer] = []
        let deadline = Timestamp.later
        while others.count < 5, .now() < deadline {
            // The thread that wrote a piece lets go of it a moment after it is seen as written.
            if let buffer = store.makeBuffer(for: PieceIndex(11 + others.count)) {
                others.append(buffer)
            } else {
                sched_yield()
            }
        }
        #expect(others.count == 5)
        #expect(pools.recent.bytes == 0)
        #expect(store.makeBuffer(for: PieceIndex(16)) == nil)
        withExtendedLifetime((first, others)) {}
        #expect(store.isCompleteUp(to: 6, torrent))
        #expect(store.close(until: .later))
    }

    @Test func `a file written so is known to be nobody else's`() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/file"
        let file = OpenFile(
            try OwnedDescriptor(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600), path),
            budget: OpenFileBudget(limit: 4))
        guard file.isExclusive else { return }
        let bytes = [UInt8](repeating: 7, count: 1 << 20)
        for _ in 0..<2 {
            _ = bytes.withUnsafeBytes {
                file.writeDirectly($0, at: 0, pool: BufferPool(limit: 4 << 20))
            }
            #expect(file.isExclusive)
        }
        let other = try OwnedDescriptor(open(path, O_RDONLY | O_CLOEXEC), path)
        #expect(!file.isExclusive)
        withExtendedLifetime(other) {}
    }

    @Test func `a store that closes keeps no memory`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(
            Self.pieceLength * 3, pieceLength: Self.pieceLength)
        let pools = try makePools()
        let store = try makeStore(torrent, in: directory, pools)
        store.putAll(torrent)
        #expect(store.close(until: .later))
        #expect(pools.recent.bytes == 0)
    }

    @Test func `what was written so is there after a restart`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(
            Self.pieceLength * 3 + 1000, pieceLength: Self.pieceLength)
        do {
            let store = try makeStore(torrent, in: directory, makePools())
            store.putAll(torrent)
            #expect(store.close(until: .later))
        }
        let store = try makeStore(torrent, in: directory, makePools())
        #expect(store.cachedPieceCount == 4)
        #expect(store.isComplete(torrent))
        #expect(store.close(until: .later))
    }
}

extension PieceStore {
    /// Whether the first pieces of a torrent of one file read as they should.
    fileprivate func isCompleteUp(to count: Int, _ torrent: SampleTorrent) -> Bool {
        let bytes = (0..<count).flatMap { torrent.bytes(of: PieceIndex($0)) }
        return self.bytes(of: FileIndex(0), count: bytes.count) == bytes
    }
}
