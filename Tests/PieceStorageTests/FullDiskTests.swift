import CLinux
import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("A full disk")
struct FullDiskTests {
    @Test(.enabled(if: TinyFilesystem.isAllowed, "mounting needs root"))
    func `is served from memory within the budget, then pieces are lost, never wrong`() throws {
        let small = try TinyFilesystem(bytes: 1 << 20)
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(65_536 * 64, pieceLength: 65_536)
        let pools = try makePools { $0.retainedBytes = 65_536 * 10 }
        let cache = try CacheDirectory(path: small.directory.path)
        let store = try PieceStore(torrent, in: cache, pools: pools)
        // Nothing can be evicted.
        try store.setPinned([FileIndex(0)], true)
        let lost = Locked<[PieceIndex]>([])
        store.setPiecesLostHandler { pieces in lost.withLock { $0 += pieces } }
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

    @Test(.enabled(if: TinyFilesystem.isAllowed, "mounting needs root"))
    func `old pieces make room where the disk takes no more`() throws {
        let small = try TinyFilesystem(bytes: 8 << 20)
        let torrent = try SampleTorrent.single(65_536 * 256, pieceLength: 65_536)
        let cache = try CacheDirectory(path: small.directory.path)
        let store = try PieceStore(torrent, in: cache)
        for piece in torrent.geometry.pieces {
            store.putWritten(piece, of: torrent)
            if piece.value % 10 == 0 { store.flush(until: .later) }
        }
        #expect(store.compare(FileIndex(0), torrent) != nil)
        #expect(store.cachedPieceCount > 60)
        #expect(store.has(PieceIndex(255)))
        #expect(!store.isRetaining)
        // Another program takes what is free.
        small.fill()
        for piece in torrent.geometry.pieces.prefix(100) {
            store.putWritten(piece, of: torrent)
            #expect(store.has(piece))
        }
        #expect(store.compare(FileIndex(0), torrent) != nil)
        store.close(until: .later)
    }

    @Test(.enabled(if: TinyFilesystem.isAllowed, "mounting needs root"))
    func `space is left free for others, also when they take some of it`() throws {
        let small = try TinyFilesystem(bytes: 16 << 20)
        let torrent = try SampleTorrent.single(65_536 * 400, pieceLength: 65_536)
        let cache = try CacheDirectory(
            path: small.directory.path, limits: CacheLimits(size: nil, free: .percent(25)))
        let store = try PieceStore(torrent, in: cache)
        let free = { cache.limiter.diskUsage(committed: 0).diskFree }
        for piece in torrent.geometry.pieces {
            store.putWritten(piece, of: torrent)
            #expect(free() >= 4 << 20 - 1 << 19)
        }
        #expect(store.cachedPieceCount > 100)
        let other = open("\(small.directory.path)/other", O_RDWR | O_CREAT, 0o600)
        defer { close(other) }
        let bytes = [UInt8](repeating: 1, count: 3 << 20)
        #expect(write(other, bytes, bytes.count) == bytes.count)
        store.flush(until: .later)
        var patience = 200
        while free() < 4 << 20, patience > 0 {
            usleep(50_000)
            patience -= 1
        }
        #expect(free() >= 4 << 20)
        #expect(store.cachedPieceCount > 60)
        #expect(store.compare(FileIndex(0), torrent) != nil)
        store.close(until: .later)
    }

    @Test(.enabled(if: TinyFilesystem.isAllowed, "mounting needs root"))
    func `letting pins go makes room, and what is in memory is written`() throws {
        let small = try TinyFilesystem(bytes: 12 << 20)
        let torrent = try SampleTorrent.single(65_536 * 256, pieceLength: 65_536)
        let pools = try makePools { $0.retainedBytes = 65_536 * 40 }
        let cache = try CacheDirectory(path: small.directory.path)
        let store = try PieceStore(torrent, in: cache, pools: pools)
        try store.setPinned([FileIndex(0)], true)
        for piece in torrent.geometry.pieces {
            store.putWritten(piece, of: torrent)
            #expect(store.has(piece))
        }
        small.fill()
        store.flush(until: .later)
        #expect(store.isRetaining)
        try store.setPinned([FileIndex(0)], false)
        #expect(eventually { !store.isRetaining })
        #expect(store.has(PieceIndex(255)))
        #expect(store.compare(FileIndex(0), torrent) != nil)
        #expect(store.close(until: .later))
        let again = try PieceStore(torrent, in: CacheDirectory(path: small.directory.path))
        #expect(!again.isPinned(PieceIndex(0)))
        #expect(again.cachedPieceCount > 100)
        #expect(again.compare(FileIndex(0), torrent) != nil)
        again.close(until: .later)
    }

    @Test(.enabled(if: TinyFilesystem.isAllowed, "mounting needs root"))
    func `that is full from the start opens what is cached, and a new torrent by evictions`() throws
    {
        let small = try TinyFilesystem(bytes: 12 << 20)
        let (old, new) = (
            try SampleTorrent.single(65_536 * 100, pieceLength: 65_536, name: "old"),
            // Its metainfo alone takes more than what is kept for the catalogue.
            try SampleTorrent.v1(
                SampleTorrent.files([Int](repeating: 200, count: 12_000)), pieceLength: 16_384)
        )
        do {
            let cache = try CacheDirectory(path: small.directory.path)
            let store = try PieceStore(old, in: cache)
            store.putAll(old)
            #expect(store.close(until: .later))
        }
        small.fill()
        let cache = try CacheDirectory(path: small.directory.path)
        do {
            let store = try PieceStore(old, in: cache)
            #expect(store.cachedPieceCount == 100)
            #expect(store.isComplete(old))
            #expect(store.close(until: .later))
        }
        small.fill()
        let store = try PieceStore(new, in: cache)
        for piece in new.geometry.pieces.prefix(20) {
            store.putWritten(piece, of: new)
            #expect(store.has(piece))
            let file = new.layout.slices(of: piece)[1].file
            #expect(store.bytes(of: file, count: 200) == new.files[file.value].bytes)
        }
        store.close(until: .later)
    }

    @Test func `a piece read often outlives the others in memory`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(65_536 * 30, pieceLength: 65_536)
        let pools = try makePools { $0.retainedBytes = 65_536 * 4 }
        let cache = try CacheDirectory(path: directory.path)
        let store = try PieceStore(torrent, in: cache, pools: pools)
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
        let store = try PieceStore(torrent, in: cache, pools: pools)
        let folder = "\(directory.path)/\(torrent.metainfo.info.identity)/files"
        #expect(mkdir("\(folder)/0", 0o700) == 0 && mkdir("\(folder)/0/0", 0o700) == 0)
        let lost = Locked(0)
        store.setPiecesLostHandler { pieces in lost.withLock { $0 += pieces.count } }
        for piece in torrent.geometry.pieces {
            let bytes = torrent.bytes(of: piece)
            #expect(store.put(piece, bytes) == .verified(piece, blockDigests: nil))
            store.waitUntilWritten()
        }
        #expect(lost.withLock { $0 } >= 26)
        #expect(pools.bufferedBytes <= 65_536 * 4)
    }
}
