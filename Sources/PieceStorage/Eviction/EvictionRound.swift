import Reactor
import TorrentCore

/// One turn of the eviction thread: who is there, and who waits.
struct EvictionRound {
    /// Pieces of one transaction, and their bytes: little enough that a writer that waits goes on
    /// soon.
    private static let batchCount = 256
    private static let batchBytes: Int64 = 64 << 20
    /// A person can wait for a process that looks once a second and syncs.
    private static let longPatience = Interval.seconds(20)

    let directory: CacheDirectory
    let stores: [(store: PieceStore, folder: CacheFolder)]
    /// Their numbers in the catalogue.
    let torrents: Set<Int64>
    /// Writers that wait.
    var requests: [RoomRequest]
    /// Whether other processes may have asked for evictions.
    var mayBeAsked = false
    /// Bytes that came free.
    var freed: Int64 = 0
    /// With what torrents are opened that nobody holds; nil where this process has none itself.
    let pools: StoragePools?
    /// Whether a person waits for it, rather than a writer.
    let isOnRequest: Bool

    /// `pools` are given where a person asks.
    init(directory: CacheDirectory, requests: [RoomRequest], pools: StoragePools? = nil) {
        self.directory = directory
        self.requests = requests
        stores = directory.limiter.openStores.compactMap { store in
            store.cacheFolder.map { (store, $0) }
        }
        torrents = Set(stores.map(\.folder.torrent))
        self.pools = pools ?? requests.first?.pools ?? stores.first?.store.pools
        isOnRequest = pools != nil
    }

    /// Whether somebody waits.
    var isAwaited: Bool { isOnRequest || !requests.isEmpty }

    /// How long another process is given.
    var patience: Interval { isOnRequest ? Self.longPatience : directory.limiter.patience }

    private var policy: EvictionPolicy { directory.limiter.policy }

    /// What torrents may take together; nil for no limit.
    var limit: Int64? { policy.limits.size.map { $0 - directory.limiter.catalogueBytes } }

    /// Bytes that writers wait for.
    var wanted: Int64 { requests.reduce(0) { $0 + $1.bytes } }

    /// Bytes that have to go whatever the limits say.
    var forced: Int64 { requests.reduce(0) { $1.isForced ? $0 + $1.bytes : $0 } }

    /// How things are, with what counts for the limits.
    func measure(_ others: [Catalogue.OtherTorrent]) -> EvictionPolicy.Usage {
        measure(others, own: ownBytes)
    }

    private func measure(
        _ others: [Catalogue.OtherTorrent], own: Int64
    ) -> EvictionPolicy.Usage {
        let rest = others.reduce(Int64(0)) { $0 + $1.bytes }
        return directory.limiter.diskUsage(
            committed: own + rest + directory.limiter.catalogueBytes)
    }

    private var ownBytes: Int64 { stores.reduce(0) { $0 + ($1.store.usage?.committed ?? 0) } }

    /// Whether eviction should begin although nobody waits for it.
    func isDue(_ others: [Catalogue.OtherTorrent]) -> Bool { policy.isDue(measure(others)) }

    /// Whether so much fits, by the limits and on the disk.
    func hasRoom(for bytes: Int64, _ others: [Catalogue.OtherTorrent]) -> Bool {
        let usage = measure(others)
        return policy.excess(usage, wanted: bytes) <= 0 && usage.diskFree >= bytes
    }

    /// Bytes to evict now.
    func bytesToEvict(_ others: [Catalogue.OtherTorrent]) -> Int64 {
        // With the reserve, which is to be taken again.
        let refused = forced > 0 ? forced + 2 * DiskReserve.length - freed : 0
        return max(refused, policy.bytesToEvict(measure(others), wanted: wanted))
    }

    /// For the status.
    func usage(_ others: [Catalogue.OtherTorrent]) -> CacheUsage {
        var usage = CacheUsage()
        usage.ownBytes = ownBytes
        let measured = measure(others, own: usage.ownBytes)
        usage.usedBytes = measured.committed
        usage.sizeLimit = policy.limits.size
        usage.freeBytes = measured.diskFree
        usage.keptFreeBytes = policy.limits.bytesKeptFree(of: measured.diskCapacity)
        usage.isFull = stores.contains { $0.store.isRetaining }
        return usage
    }

    /// Reserves what a writer asks for; false where there is no room.
    func grant(_ request: RoomRequest) throws(StorageError) -> Bool {
        if request.isForced { return freed >= forced }
        guard let usage = request.store?.usage, let folder = request.store?.cacheFolder else {
            return false
        }
        let disk = directory.limiter.diskUsage(committed: 0)
        guard policy.hasFreeSpace(disk, for: request.bytes) else { return false }
        if let limit {
            let needed = usage.committed + request.bytes
            let wanted = needed + policy.reservationStep
            guard
                let ceiling = try directory.catalogue.reserve(
                    folder.torrent, bytes: usage.bytes, needed: needed, wanted: wanted,
                    limit: limit)
            else { return false }
            usage.setCeiling(ceiling)
        }
        return usage.reserve(request.bytes).isGranted
    }

    /// Lets a torrent that nobody waits to write have no more than it takes.
    func giveUpReserve(of store: PieceStore) {
        guard !requests.contains(where: { $0.store === store }) else { return }
        _ = store.usage?.lowerCeiling()
    }

    /// Tells the catalogue what our torrents take, for other processes.
    func settle() throws(StorageError) {
        try directory.catalogue.settle(
            stores.compactMap { store, folder in
                // What was let go meanwhile has said its last.
                guard !store.isLeaving else { return nil }
                return store.usage.map { usage in
                    let ceiling = usage.ceiling
                    return (folder.torrent, usage.bytes, ceiling == .max ? 0 : ceiling)
                }
            })
    }

    /// What goes in one transaction each.
    static func batches(
        _ chosen: [EvictionPolicy.Candidate]
    ) -> [[EvictionPolicy.Candidate]] {
        var batches: [[EvictionPolicy.Candidate]] = []
        var batch: [EvictionPolicy.Candidate] = []
        var bytes: Int64 = 0
        for candidate in chosen {
            if batch.count == batchCount || bytes >= batchBytes {
                batches.append(batch)
                batch = []
                bytes = 0
            }
            batch.append(candidate)
            bytes += candidate.bytes
        }
        return batch.isEmpty ? batches : batches + [batch]
    }
}
