import Metainfo
import PieceStorage
import TorrentCore

extension CacheInventory {
    /// A torrent's metainfo, which is there unless the cache is damaged.
    func knownMetainfo(of torrent: CachedTorrent) throws(Failure) -> TorrentMetainfo {
        guard let found = metainfo(of: torrent) else {
            throw Failure(
                .cache, "the cache has lost the metainfo of torrent \(torrent.identity)",
                "mount it once, or run `swarmfs cache remove \(torrent.identity)`")
        }
        return found
    }
}
