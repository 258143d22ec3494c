import Metainfo
import PieceStorage
import Reactor
import TorrentCore

/// A torrent of the cache, open in a command that does without the engine. The torrent's lock is
/// held until `close`.
struct CacheStore {
    /// How long what was written may take to reach the disk: a large import ends with it.
    private static let closeLimit = Interval.seconds(600)

    let store: PieceStore
    private let pools: StoragePools

    /// Opens a torrent, and makes the cache where there is none.
    init(_ metainfo: TorrentMetainfo, _ directory: String) throws(Failure) {
        do throws(SystemError) {
            pools = try StoragePools()
        } catch {
            throw Failure(.failure, error.description, "check the limits of this machine")
        }
        do throws(StorageError) {
            store = try PieceStore(
                metainfo: metainfo, location: .cache(try CacheDirectory(path: directory)),
                pools: pools)
        } catch {
            pools.stop()
            throw Failure(error)
        }
    }

    /// Makes what was done last, and lets the torrent go; false where the disk does not take it.
    @discardableResult
    func close() -> Bool {
        let isClosed = store.close(until: .now() + Self.closeLimit)
        pools.stop()
        return isClosed
    }
}
