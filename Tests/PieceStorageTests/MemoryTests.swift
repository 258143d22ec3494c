import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("Memory is bounded")
struct MemoryTests {
    @Test func `buffers stop at the limit, and their return is told`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(65_536 * 20, pieceLength: 65_536)
        let pools = try makePools { $0.bufferBytes = 65_536 * 6 }
        let store = try PieceStore(torrent, in: CacheDirectory(path: directory.path), pools: pools)
        let told = Condition(0)
        store.setBufferAvailableHandler { told.update { $0 += 1 } }
        var buffers = (0..<20).compactMap { store.makeBuffer(for: PieceIndex($0)) }
        #expect(buffers.count == 6)
        #expect(pools.bufferedBytes == 65_536 * 6)
        #expect(told.update { $0 } == 0)
        buffers.removeLast()
        #expect(told.update { $0 } == 1)
        #expect(store.makeBuffer(for: PieceIndex(0)) != nil)
        buffers = []
        #expect(pools.bufferedBytes == 65_536 * 6)
    }

    @Test func `every torrent may have four pieces, however large`() throws {
        let directory = try TemporaryDirectory()
        let pools = try makePools { $0.bufferBytes = 65_536 }
        let cache = try CacheDirectory(path: directory.path)
        let stores = try (1...2).map { count in
            try PieceStore(
                metainfo: SampleTorrent.single(65_536 * 20 + count, pieceLength: 65_536).metainfo,
                location: .cache(cache), pools: pools)
        }
        var buffers: [PieceBuffer] = []
        for store in stores {
            let made = (0..<20).compactMap { store.makeBuffer(for: PieceIndex($0)) }
            #expect(made.count == 4)
            buffers += made
        }
        buffers = []
        #expect(pools.bufferedBytes <= 65_536)
    }

    @Test func `what is left is known, what others use left out`() throws {
        let directory = try TemporaryDirectory()
        let pools = try makePools { $0.bufferBytes = 65_536 * 10 }
        let cache = try CacheDirectory(path: directory.path)
        // Their buffers take a power of two.
        let stores = try (1...2).map { count in
            try PieceStore(
                metainfo: SampleTorrent.single(49_152 * 20 + count, pieceLength: 49_152).metainfo,
                location: .cache(cache), pools: pools)
        }
        #expect(stores[0].availableBufferBytes == 49_152 * 10)
        let buffers = (0..<7).compactMap { stores[0].makeBuffer(for: PieceIndex($0)) }
        #expect(buffers.count == 7)
        #expect(stores[0].availableBufferBytes == 49_152 * 3)
        // Its four pieces, whatever the others have.
        #expect(stores[1].availableBufferBytes == 49_152 * 4)
    }

    @Test func `whoever asks is told once when memory comes back`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(65_536 * 20, pieceLength: 65_536)
        let store = try PieceStore(torrent, in: CacheDirectory(path: directory.path))
        let told = Condition(0)
        store.setBufferAvailableHandler { told.update { $0 += 1 } }
        var buffers = (0..<3).compactMap { store.makeBuffer(for: PieceIndex($0)) }
        store.notifyOfBuffers()
        #expect(told.update { $0 } == 0)
        buffers.removeLast()
        #expect(told.update { $0 } == 1)
        buffers.removeAll()
        #expect(told.update { $0 } == 1)
    }

    @Test func `free memory of one size gives way to another`() throws {
        let pool = BufferPool(limit: 1 << 20)
        let first = try #require(pool.take(1 << 19, mayExceed: false))
        pool.give(first, capacity: 1 << 19)
        var small: [UnsafeMutableRawPointer] = []
        while let memory = pool.take(1 << 16, mayExceed: false) { small.append(memory) }
        #expect(small.count == 16)
        #expect(pool.mappedBytes == 1 << 20)
        for memory in small { pool.give(memory, capacity: 1 << 16) }
    }
}
