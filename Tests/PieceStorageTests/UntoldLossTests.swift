import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("A lost file of which the catalogue cannot be told", .timeLimit(.minutes(2)))
struct UntoldLossTests {
    @Test func `no new file takes its place before the catalogue knows`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(4 * 16_384, pieceLength: 16_384)
        do {
            let store = try PieceStore(torrent, in: CacheDirectory(path: directory.path))
            store.putAll(torrent)
            #expect(store.close(until: .later))
        }
        let file = "\(directory.path)/\(torrent.metainfo.info.identity)/files/0/0"
        #expect(unlink(file) == 0)
        do {
            let cache = try CacheDirectory(path: directory.path)
            let store = try PieceStore(torrent, in: cache)
            try cache.setCatalogueReadOnly(true)
            #expect(store.bytes(of: FileIndex(0), count: 10) == nil)
            #expect(store.cached.isEmpty)
            store.putWritten(PieceIndex(0), of: torrent)
            #expect(access(file, F_OK) != 0)
            #expect(
                store.bytes(of: FileIndex(0), count: 16_384) == torrent.bytes(of: PieceIndex(0)))
            try cache.setCatalogueReadOnly(false)
            store.putWritten(PieceIndex(1), of: torrent)
            #expect(store.cached[PieceIndex(1)])
            #expect(store.close(until: .later))
        }
        let cache = try CacheDirectory(path: directory.path)
        let store = try PieceStore(torrent, in: cache)
        #expect(!store.cached[PieceIndex(2)] && !store.cached[PieceIndex(3)])
        #expect(store.cached[PieceIndex(1)])
        let piece = store.bytes(of: FileIndex(0), offset: 16_384, count: 16_384)
        #expect(piece == torrent.bytes(of: PieceIndex(1)))
    }

    @Test func `damage that was found is told as soon as the catalogue takes it`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(4 * 16_384, pieceLength: 16_384)
        for isClosedSoon in [false, true] {
            let cache = try CacheDirectory(path: directory.path)
            let store = try PieceStore(torrent, in: cache)
            store.putAll(torrent)
            #expect(store.flush(until: .later))
            try StoredFiles(directory: directory.path, torrent: torrent).flip(0, at: 20_000)
            try cache.setCatalogueReadOnly(true)
            #expect(try store.recheck(isRepair: true).damaged == [PieceIndex(1)])
            try cache.setCatalogueReadOnly(false)
            let folder = try #require(store.cacheFolder)
            let isTold = {
                (try? cache.catalogue.cached(of: folder.torrent, pieceCount: 4))?.setCount == 3
            }
            if isClosedSoon { store.close(until: .later) } else { #expect(eventually(isTold)) }
            #expect(isTold())
            store.close(until: .later)
        }
    }
}
