import CLinux
import Glibc
import Reactor
import TorrentCore

/// Keeps a cache directory within its limits: answers writers at once where there is room, and has a
/// thread that makes room ahead of them. The thread looks around once a second: other processes ask
/// for evictions, and other programs fill the disk.
final class CacheLimiter: Sendable {
    private static let interval = Interval.seconds(1)
    /// How long nothing is looked for after nothing could be evicted: looking goes through all pieces.
    private static let refusal = Interval.seconds(1)

    /// A look around costs a tenth of a millisecond, and there may be a thousand pieces a second.
    private static let pokePause = Interval.milliseconds(5)

    private struct WeakStore: Sendable {
        weak let store: PieceStore?
    }

    private final class WeakDirectory: Sendable {
        weak let directory: CacheDirectory?

        init(_ directory: CacheDirectory) { self.directory = directory }
    }

    struct State: Sendable {
        var requests: [RoomRequest] = []
        /// Whether somebody saw that there is little room left.
        var isPoked = false
        var isStopping = false
    }

    let policy: EvictionPolicy
    /// How long another process is given to evict before our own younger pieces go.
    let patience: Interval
    private let directory: Int32
    /// Nil in a cache too small for one.
    let reserve: DiskReserve?
    private let state = Condition(State())
    private let stores = Locked<[ObjectIdentifier: WeakStore]>([:])
    private let published = Locked(CacheUsage())
    /// Before, writers do not have the thread look around, unless they have to wait.
    private let nextPoke = Locked(Timestamp.zero)
    /// Until when writers are refused without a look.
    private let refusedUntil = Locked(Timestamp.zero)

    /// The others look once a second, and sync.
    static let standardPatience = Interval.seconds(2.5)

    /// `directory` is the descriptor of the directory, open as long as this is used.
    init(limits: CacheLimits, directory: Int32, patience: Interval = standardPatience) {
        policy = EvictionPolicy(limits: limits)
        self.patience = patience
        self.directory = directory
        let isSmall = limits.size.map { $0 < Self.smallestWithReserve } ?? false
        reserve = isSmall ? nil : DiskReserve(directory: directory)
        reserve?.take(isFirst: true)
    }

    private static let smallestWithReserve: Int64 = 16 << 20

    /// Starts the thread, which does not keep the directory alive.
    func start(_ directory: CacheDirectory) throws(SystemError) {
        let weak = WeakDirectory(directory)
        let state = self.state
        _ = try Thread(name: "evict") {
            var evictor = Evictor()
            var isBusy = false
            while true {
                let deadline = isBusy ? Timestamp.zero : .now() + Self.interval
                let (requests, isStopping) =
                    state.wait(until: deadline) { state -> ([RoomRequest], Bool)? in
                        let isDue =
                            state.isPoked || state.isStopping || !state.requests.isEmpty
                            || .now() >= deadline
                        guard isDue else { return nil }
                        defer {
                            state.requests = []
                            state.isPoked = false
                        }
                        return (state.requests, state.isStopping)
                    } ?? ([], false)
                guard !isStopping, let directory = weak.directory else {
                    for request in requests { request.finish(false) }
                    return
                }
                isBusy = evictor.turn(directory, requests)
            }
        }
    }

    /// Ends the thread; requests are refused from now on.
    func stop() { state.update { $0.isStopping = true } }

    // MARK: Stores

    func add(_ store: PieceStore) {
        stores.withLock { $0[ObjectIdentifier(store)] = WeakStore(store: store) }
        poke()
    }

    func remove(_ store: PieceStore) {
        _ = stores.withLock { $0.removeValue(forKey: ObjectIdentifier(store)) }
    }

    /// The open torrents of this process.
    var openStores: [PieceStore] {
        stores.withLock { stores in
            stores = stores.filter { $0.value.store != nil }
            return stores.values.compactMap(\.store)
        }
    }

    // MARK: Writers

    /// Asks for room for a piece about to be written; waits for evictions where there is none. Where
    /// true, the room is to be given back with `StoreUsage.finish` after the write.
    func admit(_ store: PieceStore, bytes: Int64) -> Bool {
        guard let usage = store.usage else { return false }
        let (isGranted, left) = usage.reserve(bytes)
        if isGranted {
            if policy.limits == .unlimited { return true }
            let disk = diskUsage(committed: self.usage.usedBytes)
            if policy.hasFreeSpace(disk, for: bytes) {
                if left < policy.reservationStep / 2 || policy.isDue(disk) { poke() }
                return true
            }
            usage.finish(bytes)
        }
        return ask(RoomRequest(store: store, bytes: bytes, isForced: false))
    }

    /// Makes room after the disk took no more; false where nothing can be evicted.
    func makeRoom(_ store: PieceStore, bytes: Int64) -> Bool {
        ask(RoomRequest(store: store, bytes: bytes, isForced: true))
    }

    /// The same for a torrent that is about to be opened.
    func makeRoom(bytes: Int64, pools: StoragePools) -> Bool {
        ask(RoomRequest(bytes: bytes, pools: pools))
    }

    private func ask(_ request: RoomRequest) -> Bool {
        guard .now() >= refusedUntil.withLock({ $0 }) else { return false }
        let isQueued = state.update { state in
            guard !state.isStopping else { return false }
            state.requests.append(request)
            return true
        }
        return isQueued && request.wait()
    }

    /// Has the thread look around now.
    private func poke() {
        let now = Timestamp.now()
        let isDue = nextPoke.withLock { next in
            guard now >= next else { return false }
            next = now + Self.pokePause
            return true
        }
        if isDue { state.update { $0.isPoked = true } }
    }

    /// Nothing could be evicted: others need not ask for a while.
    func refuse() { refusedUntil.withLock { $0 = .now() + Self.refusal } }

    // MARK: Figures

    /// As last published.
    var usage: CacheUsage { published.withLock { $0 } }

    /// As it is now, but for what other processes did since: one system call.
    var currentUsage: CacheUsage {
        var usage = self.usage
        let own = openStores.reduce(Int64(0)) { $0 + ($1.usage?.committed ?? 0) }
        usage.usedBytes += own - usage.ownBytes
        usage.ownBytes = own
        usage.freeBytes = diskUsage(committed: 0).diskFree
        return usage
    }

    func publish(_ usage: CacheUsage) { published.withLock { $0 = usage } }

    /// The disk's figures: one system call.
    func diskUsage(committed: Int64) -> EvictionPolicy.Usage {
        var status = statvfs()
        guard fstatvfs(directory, &status) == 0 else {
            // Full of bytes that nobody knows of is worse than a missed limit.
            return EvictionPolicy.Usage(committed: committed, diskCapacity: 0, diskFree: .max / 2)
        }
        let unit = Int64(status.f_frsize)
        return EvictionPolicy.Usage(
            committed: committed, diskCapacity: Int64(clamping: status.f_blocks) &* unit,
            diskFree: Int64(clamping: status.f_bavail) &* unit)
    }

    /// What the catalogue's own files take, the log as much as it may grow to: they count, and
    /// cannot be evicted.
    var catalogueBytes: Int64 {
        let log = Catalogue.logPages * Catalogue.pageLength * 5 / 4
        return fileBytes("catalogue.sqlite") + fileBytes("catalogue.sqlite-shm")
            + fileBytes(DiskReserve.name) + max(log, fileBytes("catalogue.sqlite-wal"))
    }

    private func fileBytes(_ name: String) -> Int64 {
        var status = stat()
        return fstatat(directory, name, &status, 0) == 0 ? Int64(status.st_blocks) * 512 : 0
    }
}
