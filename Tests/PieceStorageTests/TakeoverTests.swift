import Glibc
import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("A torrent that was let go is the next holder's alone", .timeLimit(.minutes(2)))
struct TakeoverTests {
    @Test func `what could not be committed in time is not told to the catalogue later`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(4 * 16_384, pieceLength: 16_384)
        let cache = try CacheDirectory(path: directory.path)
        let store = try PieceStore(torrent, in: cache)
        try cache.setCatalogueReadOnly(true)
        store.putAll(torrent)
        // Everything is on disk; that the catalogue knows nothing of it costs a download.
        #expect(store.close(until: .later))
        let other = try CacheDirectory(path: directory.path)
        let next = try PieceStore(torrent, in: other)
        #expect(next.cached.isEmpty)
        let folder = try #require(next.cacheFolder)
        try other.catalogue.settle([(folder.torrent, 12_345, 0)])
        // The next holder may make holes there: nobody may vouch for what it does not know of.
        try cache.setCatalogueReadOnly(false)
        #expect(cache.flush(until: .later))
        let vouched = try other.catalogue.cached(of: folder.torrent, pieceCount: 4)
        #expect(vouched.isEmpty)
        let bytes = try other.catalogue.withDatabase { database throws(Database.Failure) in
            try database.number("SELECT bytes FROM torrents")
        }
        #expect(bytes == 12_345)
        #expect(next.close(until: .later))
    }
}
