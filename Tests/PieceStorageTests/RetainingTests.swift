import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("Complete files that others read directly")
struct RetainingTests {
    private func store(
        _ torrent: SampleTorrent, _ directory: TemporaryDirectory, disk: DiskSync = .system
    ) throws -> PieceStore {
        try PieceStore(torrent, in: CacheDirectory(path: directory.path, disk: disk))
    }

    /// A file's bytes as someone with its descriptor alone reads them; nil where it is not given.
    private func direct(_ store: PieceStore, _ file: FileIndex) -> [UInt8]? {
        guard let descriptor = store.retainCompleteFile(file) else { return nil }
        var bytes = [UInt8](repeating: 0xEE, count: 200_000)
        let count = pread(descriptor.rawValue, &bytes, bytes.count, 0)
        #expect(write(descriptor.rawValue, bytes, 1) == -1)
        return Array(bytes.prefix(max(0, count)))
    }

    @Test func `only complete files that are synced are given, with the source's bytes`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.hybrid(
            SampleTorrent.files([100_000, 3, 0, 64_000]), pieceLength: 16_384)
        let store = try store(torrent, directory)
        let last = FileIndex(torrent.files.count - 1)
        for piece in torrent.geometry.pieces.dropLast() {
            store.put(piece, torrent.bytes(of: piece))
        }
        #expect(store.flush(until: .later))
        for file in torrent.layout.files {
            let source = torrent.files[file.value]
            let isGiven = file != last && !source.isPadding && !source.bytes.isEmpty
            #expect(store.isCompleteOnDisk(file) == isGiven)
            #expect(direct(store, file) == (isGiven ? source.bytes : nil))
        }
        #expect(direct(store, FileIndex(-1)) == nil)
        #expect(direct(store, FileIndex(torrent.files.count)) == nil)
    }

    @Test func `what is written but not synced yet is not given`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(50_000, pieceLength: 16_384)
        let gate = Condition(false)
        let wait: @Sendable () -> Int32? = {
            _ = gate.wait { $0 ? true : nil }
            return nil
        }
        let disk = DiskSync(file: { _ in wait() }, filesystem: { _ in wait() })
        let store = try store(torrent, directory, disk: disk)
        store.putAll(torrent)
        #expect(store.cached.isFull)
        #expect(!store.isCompleteOnDisk(FileIndex(0)))
        #expect(direct(store, FileIndex(0)) == nil)
        gate.update { $0 = true }
        #expect(store.flush(until: .later))
        #expect(direct(store, FileIndex(0)) == torrent.files[0].bytes)
    }

    @Test func `a file is retained until it was released as often`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(50_000, pieceLength: 16_384)
        let store = try store(torrent, directory)
        store.putAll(torrent)
        #expect(store.flush(until: .later))
        let file = FileIndex(0)
        #expect(direct(store, file) != nil && direct(store, file) != nil)
        #expect(store.state.withLock { $0.retainedFiles } == [file: 2])
        store.releaseCompleteFile(file)
        #expect(store.state.withLock { $0.retainedFiles } == [file: 1])
        store.releaseCompleteFile(file)
        store.releaseCompleteFile(file)
        #expect(store.state.withLock { $0.retainedFiles.isEmpty })
        store.close(until: .later)
        #expect(direct(store, file) == nil)
    }

    @Test func `a damaged cache file is not given, and its pieces are missing`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(50_000, pieceLength: 16_384)
        let store = try store(torrent, directory)
        store.putAll(torrent)
        #expect(store.flush(until: .later))
        let hash = torrent.metainfo.info.identity
        #expect(truncate("\(directory.path)/\(hash)/files/0/0", 20_000) == 0)
        #expect(direct(store, FileIndex(0)) == nil)
        #expect(store.cached.isEmpty)
        #expect(store.state.withLock { $0.retainedFiles.isEmpty })
    }
}
