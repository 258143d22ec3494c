import Metainfo
import PieceStorage
import TorrentCore

extension CacheInventory {
    /// A torrent's metainfo, which is there unless the catalogue is damaged.
    func knownMetainfo(of torrent: CachedTorrent) throws(Failure) -> TorrentMetainfo {
        let found: TorrentMetainfo?
        do throws(StorageError) {
            found = try metainfo(of: torrent)
        } catch {
            throw Failure(error)
        }
        guard let found else {
            throw Failure(
                .cache, "the cache has lost the metainfo of torrent \(torrent.identity)",
                "run `swarmfs cache remove \(torrent.identity)`")
        }
        return found
    }
}
