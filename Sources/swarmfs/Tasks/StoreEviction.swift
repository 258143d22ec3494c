import ControlAPI
import PieceStorage
import TorrentCore

/// Evicts parts of some torrents, one torrent after the other.
struct StoreEviction {
    /// Stores, each with what of it is to go; nil for all.
    let parts: [(store: PieceStore, ranges: [Range<PieceIndex>]?)]

    /// Ends `task` with what was done, or why not.
    func run(_ task: TaskProgress) {
        var sum = EvictionReport()
        task.run(parts) { part, progress throws(StorageError) in
            sum += EvictionReport(
                try part.store.evict(
                    part.ranges, progress: progress, isCancelled: { task.isCancelled }))
            task.update { [sum] in $0.eviction = sum }
        }
    }
}
