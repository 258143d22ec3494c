import ControlAPI
import PieceStorage
import TorrentCore

/// Hashes what some torrents have cached, one torrent after the other.
struct StoreVerification {
    private let stores: [PieceStore]
    private let isRepair: Bool
    private let onRepair: @Sendable (PieceStore, [PieceIndex]) -> Void

    /// `onRepair` is told which pieces were dropped.
    init(
        _ stores: [PieceStore], isRepair: Bool,
        onRepair: @escaping @Sendable (PieceStore, [PieceIndex]) -> Void
    ) {
        self.stores = stores
        self.isRepair = isRepair
        self.onRepair = onRepair
    }

    /// Ends `task` with what was found, or why not.
    func run(_ task: TaskProgress) {
        let total = stores.reduce(Int64(0)) { $0 + $1.cachedBytes + $1.doubtfulBytes }
        task.update { $0.total = total }
        var found: [TorrentVerification] = []
        var before: Int64 = 0
        for store in stores {
            do throws(StorageError) {
                let start = before
                let result = try store.recheck(isRepair: isRepair) { done, _ in
                    task.update { $0.done = start + done }
                } isCancelled: {
                    task.isCancelled
                }
                before += result.bytes
                if result.isRepaired { onRepair(store, result.damaged) }
                found.append(TorrentVerification(store.metainfo, result))
            } catch {
                return task.finish(error.description)
            }
            if task.isCancelled { return task.finish("cancelled") }
        }
        task.update { status in
            // Pieces may have come and gone meanwhile, and padding counts as hashed.
            (status.done, status.total) = (before, before)
            status.verification = found
        }
        task.finish()
    }
}
