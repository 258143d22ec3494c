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
        var before: Int64 = 0
        for (store, ranges) in parts {
            let start = before
            do throws(StorageError) {
                sum += EvictionReport(
                    try store.evict(ranges) { done, total in
                        before = start + total
                        task.update { status in
                            status.done = start + done
                            status.total = start + total
                        }
                    } isCancelled: {
                        task.isCancelled
                    })
            } catch {
                return task.finish(error.description)
            }
            task.update { [sum] in $0.eviction = sum }
            if task.isCancelled { return task.finish("cancelled") }
        }
        task.finish()
    }
}
