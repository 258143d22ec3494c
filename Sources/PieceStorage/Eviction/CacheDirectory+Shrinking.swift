import Reactor

/// Making a whole cache smaller because somebody says so.
extension CacheDirectory {
    /// Plans in a row: sizes of pieces that this process does not hold are not known exactly, and
    /// other processes may be slow.
    private static let planLimit = 4

    /// Evicts, least recently used first over all torrents of the directory, until they take at most
    /// `size` bytes on disk, but nothing that is pinned or in use. Other processes are asked for what
    /// they hold. Gives what the torrents took before and take now. No store of this directory may be
    /// open in this process. Blocks on the disk, and some seconds on other processes.
    package func shrink(
        to size: Int64, pools: StoragePools, isCancelled: () -> Bool = { false }
    ) throws(StorageError) -> (before: Int64, after: Int64) {
        let inventory = try CacheInventory(path: path)
        let before = try inventory.diskBytes()
        var now = before
        var round = EvictionRound(directory: self, requests: [], pools: pools)
        for _ in 0..<Self.planLimit where now > size && !isCancelled() {
            // A new one asks others again, who have said by now what is old.
            var evictor = Evictor()
            try evictor.shrink(by: now - size, &round)
            now = try inventory.diskBytes()
        }
        return (before, now)
    }
}
