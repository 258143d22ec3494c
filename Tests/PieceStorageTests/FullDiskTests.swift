import CLinux
import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("A full disk")
struct FullDiskTests {
    /// A file system of a few pages, which only root can mount.
    private final class TinyFilesystem: Sendable {
        let directory: TemporaryDirectory

        init(bytes: Int) throws {
            directory = try TemporaryDirectory()
            let result = mount("tmpfs", directory.path, "tmpfs", 0, "size=\(bytes)")
            guard result == 0 else { throw SystemError.last("mount a tmpfs") }
        }

        deinit { umount2(directory.path, Int32(MNT_DETACH)) }
    }

    @Test(.enabled(if: geteuid() == 0, "mounting needs root"))
    func `is served from memory within the budget, then pieces are lost, never wrong`() throws {
        let small = try TinyFilesystem(bytes: 1 << 20)
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(65_536 * 64, pieceLength: 65_536)
        let pools = try makePools { $0.retainedBytes = 65_536 * 10 }
        let cache = try CacheDirectory(path: small.directory.path)
        let store = try PieceStore(
            metainfo: torrent.metainfo, location: .cache(cache), pools: pools)
        let lost = Locked<[PieceIndex]>([])
        store.setPieceLostHandler { piece in lost.withLock { $0.append(piece) } }
        for piece in torrent.geometry.pieces {
            let bytes = torrent.bytes(of: piece)
            #expect(store.put(piece, bytes) == .verified(piece, blockDigests: nil))
            let offset = Int64(piece.value) * 65_536
            // At once, whether or not the disk took it.
            #expect(store.bytes(of: FileIndex(0), offset: offset, count: 65_536) == bytes)
            store.waitUntilWritten()
            #expect(store.bytes(of: FileIndex(0), offset: offset, count: 65_536) == bytes)
            #expect(
                store.block(torrent.geometry.block(1, of: piece)) == Array(bytes[16_384..<32_768]))
        }
        let retained = store.state.withLock { ($0.retained.count, $0.retainedBytes) }
        #expect(retained == (10, 65_536 * 10))
        #expect(store.cachedPieceCount > 0)
        let missing = torrent.geometry.pieces.filter { !store.has($0) }
        #expect(missing.count == 64 - 10 - store.cachedPieceCount)
        #expect(Set(lost.withLock { $0 }) == Set(missing))
        for piece in torrent.geometry.pieces {
            let offset = Int64(piece.value) * 65_536
            let bytes = store.bytes(of: FileIndex(0), offset: offset, count: 65_536)
            #expect(bytes == (missing.contains(piece) ? nil : torrent.bytes(of: piece)))
        }
        store.close(until: .later)
        _ = directory
    }

    @Test func `a piece read often outlives the others in memory`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(65_536 * 30, pieceLength: 65_536)
        let pools = try makePools { $0.retainedBytes = 65_536 * 4 }
        let cache = try CacheDirectory(path: directory.path)
        let store = try PieceStore(
            metainfo: torrent.metainfo, location: .cache(cache), pools: pools)
        // A folder where the file should be: nothing can be written.
        let folder = "\(directory.path)/\(torrent.metainfo.info.identity)/files"
        #expect(mkdir("\(folder)/0", 0o700) == 0 && mkdir("\(folder)/0/0", 0o700) == 0)
        for piece in torrent.geometry.pieces {
            store.put(piece, torrent.bytes(of: piece))
            store.waitUntilWritten()
            #expect(
                store.bytes(of: FileIndex(0), count: 10) == Array(torrent.files[0].bytes[..<10]))
        }
        #expect(store.state.withLock { $0.retained.count } == 4)
        #expect(store.cached.isEmpty)
    }

    @Test func `pieces kept in memory never block the next ones`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(65_536 * 30, pieceLength: 65_536)
        // The budget for what cannot be written is larger than all memory there is.
        let pools = try makePools {
            $0.bufferBytes = 65_536 * 4
            $0.retainedBytes = 65_536 * 20
        }
        let cache = try CacheDirectory(path: directory.path)
        let store = try PieceStore(
            metainfo: torrent.metainfo, location: .cache(cache), pools: pools)
        let folder = "\(directory.path)/\(torrent.metainfo.info.identity)/files"
        #expect(mkdir("\(folder)/0", 0o700) == 0 && mkdir("\(folder)/0/0", 0o700) == 0)
        let lost = Locked(0)
        store.setPieceLostHandler { _ in lost.withLock { $0 += 1 } }
        for piece in torrent.geometry.pieces {
            let bytes = torrent.bytes(of: piece)
            #expect(store.put(piece, bytes) == .verified(piece, blockDigests: nil))
            store.waitUntilWritten()
        }
        #expect(lost.withLock { $0 } >= 26)
        #expect(pools.bufferedBytes <= 65_536 * 4)
    }
}
