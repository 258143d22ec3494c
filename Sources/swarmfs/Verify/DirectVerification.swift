import ControlAPI
import Metainfo
import PieceStorage

/// Verifies a torrent that no process has open, under its lock.
struct DirectVerification {
    let inventory: CacheInventory
    let isRepair: Bool
    let client: TaskClient

    /// Hashes what is cached; `show` gets bytes, from one thread at a time.
    func run(
        _ torrent: CachedTorrent, show: @escaping @Sendable (Int64, Int64) -> Void
    ) throws(Failure) -> TorrentVerification {
        let metainfo = try inventory.knownMetainfo(of: torrent)
        let store = try CacheStore(metainfo, inventory.path)
        defer { store.close() }
        let result: RecheckResult
        do throws(StorageError) {
            result = try store.store.recheck(isRepair: isRepair, progress: show) { [client] in
                client.isInterrupted
            }
        } catch {
            throw Failure(error)
        }
        guard !client.isInterrupted else { throw TaskClient.interrupted }
        return TorrentVerification(metainfo, result)
    }
}
