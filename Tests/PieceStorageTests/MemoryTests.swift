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
        let store = try PieceStore(
            metainfo: torrent.metainfo, location: .cache(CacheDirectory(path: directory.path)),
            pools: pools)
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
