import Glibc
import Metainfo
import Reactor
import Synchronization
import TorrentCore

/// Looking at what is cached once more.
extension PieceStore {
    /// How much nicer the hashing threads are than those that readers wait for.
    private static let niceness: Int32 = 10
    /// How long the cache may take to write what is on its way: then the kernel's copies can be
    /// dropped, and the disk is looked at.
    private static let flushLimit = Interval.seconds(10)

    /// Hashes every cached piece again, as it is on disk, on all cores, single blocks too, and finds
    /// those that are damaged; with `isRepair` they are dropped, to be fetched again on demand. Blocks until done,
    /// or until `isCancelled`, which is asked between pieces. `progress` gets bytes, from one thread
    /// at a time.
    package func recheck(
        isRepair: Bool,
        progress: @escaping @Sendable (_ done: Int64, _ total: Int64) -> Void = { _, _ in },
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(StorageError) -> RecheckResult {
        guard cacheFolder != nil else { return RecheckResult() }
        flush(until: .now() + Self.flushLimit)
        let whole = kept.runs.flatMap { Array($0) }
        let pieces = whole + state.withLock { $0.stored.pieces(in: geometry.pieces) }
        let damagedBlocks = Locked<[PieceIndex: [Int]]>([:])
        let total =
            whole.reduce(Int64(0)) { $0 + Int64(geometry.length(of: $1)) }
            + state.withLock { $0.stored.bytes }
        let next = Atomic(0)
        let result = Locked(RecheckResult())
        progress(0, total)
        let work: @Sendable () -> Void = { [self] in
            let files = RecheckedFiles(store: self)
            while !isCancelled() {
                let number = next.add(1, ordering: .relaxed).oldValue
                guard number < pieces.count else { return }
                let piece = pieces[number]
                let isDamaged: Bool
                let bytes: Int64
                if number < whole.count {
                    isDamaged = self.isDamaged(piece, files)
                    bytes = Int64(geometry.length(of: piece))
                } else {
                    bytes = state.withLock { $0.stored.pieces[piece]?.bytes ?? 0 }
                    let damaged = self.damagedBlocks(of: piece, files)
                    isDamaged = !damaged.isEmpty
                    if isDamaged { damagedBlocks.withLock { $0[piece] = damaged } }
                }
                result.withLock { result in
                    result.pieces += 1
                    result.bytes += bytes
                    if isDamaged { result.damaged.append(piece) }
                    progress(result.bytes, total)
                }
            }
        }
        try runOnAllCores(count: pieces.count, work)
        var found = result.withLock { $0 }
        found.damaged.sort()
        if isRepair, !found.damaged.isEmpty {
            let blocks = damagedBlocks.withLock { $0 }
            for (piece, numbers) in blocks { drop(damaged: numbers, of: piece, "are damaged") }
            drop(damaged: found.damaged.filter { blocks[$0] == nil }, "is damaged")
            found.isRepaired = true
        }
        return found
    }

    /// Looks at a piece, and once more where it is not right: it may have been dropped, or have
    /// come back, meanwhile.
    private func isDamaged(_ piece: PieceIndex, _ files: RecheckedFiles) -> Bool {
        for _ in 0..<2 {
            if files.isRight(piece) {
                acceptDoubtful(piece)
                return false
            }
            let isKept = state.withLock { $0.cached[piece] || $0.isDoubtful(piece) }
            guard isKept else { return false }
        }
        return true
    }

    /// Runs `work` on as many threads as there are cores, behind those that readers wait for, and
    /// returns when all have ended; on no more threads than `count`.
    func runOnAllCores(
        count: Int, _ work: @escaping @Sendable () -> Void
    ) throws(StorageError) {
        var threads: [Thread] = []
        do {
            for _ in 0..<min(pools.configuration.hashThreads, count) {
                threads.append(
                    try Thread(name: "recheck") {
                        // Of the calling thread alone, in Linux.
                        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness)
                        work()
                    })
            }
        } catch {
            // Those that did start do all the work.
            if threads.isEmpty { throw .system(error) }
        }
        for thread in threads { thread.join() }
    }
}
