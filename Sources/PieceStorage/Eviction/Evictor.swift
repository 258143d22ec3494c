import Reactor
import TorrentCore

/// What the eviction thread knows and does; one round of work is a `turn`.
struct Evictor {
    /// How often use times are kept for the case of a crash.
    private static let keepInterval = Interval.seconds(600)
    /// How often what could not be written is tried again.
    private static let retryInterval = Interval.seconds(1)

    /// How long nothing is tried ahead of writers after nothing could be evicted: looking goes
    /// through all pieces.
    private static let aheadPause = Interval.seconds(5)

    /// What another process was asked for.
    struct Asked {
        /// Until when it may take.
        let deadline: Timestamp
        /// Until when it is not asked again where it gave nothing.
        let rest: Timestamp
        /// What the torrent took then.
        let bytes: Int64
        /// What it is to give.
        let expected: Int64
    }

    var asked: [Int64: Asked] = [:]
    /// How often each torrent that is not ours gave nothing in a row.
    var refusals: [Int64: Int] = [:]
    var others: [Catalogue.OtherTorrent] = []
    private var seenVersion: Int64?
    private var seenTorrents: Set<Int64> = []
    private var nextKeep = Timestamp.now() + Evictor.keepInterval
    private var nextRetry = Timestamp.zero
    /// Before, no room is made that nobody waits for.
    private var nextAhead = Timestamp.zero
    var hasWarned = false

    init() {}

    /// Serves whoever waits and evicts what is due; true where there is more to do at once.
    mutating func turn(_ directory: CacheDirectory, _ requests: [RoomRequest]) -> Bool {
        var round = EvictionRound(directory: directory, requests: requests)
        do throws(StorageError) {
            try refresh(&round)
            try noteAnswers(&round)
            try obey(&round)
            try topUp(round)
            grant(&round)
            if !round.requests.isEmpty || .now() >= nextAhead && round.isDue(others) {
                let before = round.freed
                makeRoom(&round)
                if round.freed == before { nextAhead = .now() + Self.aheadPause }
            }
        } catch {
            warn(error)
        }
        for request in round.requests { request.finish(false) }
        if !round.requests.isEmpty { directory.limiter.refuse() }
        let hasMore = count(round)
        directory.limiter.reserve?.take(isFirst: false)
        retry(round)
        keepTimes(round)
        directory.limiter.publish(round.usage(others))
        return hasMore
    }

    /// Looks at other torrents where the catalogue has changed.
    mutating func refresh(_ round: inout EvictionRound) throws(StorageError) {
        let catalogue = round.directory.catalogue
        let version = try catalogue.dataVersion()
        // What this connection commits, a good-bye among it, does not change the version.
        guard version != seenVersion || round.torrents != seenTorrents else { return }
        others = try catalogue.others(than: round.torrents)
        seenVersion = version
        seenTorrents = round.torrents
        round.mayBeAsked = true
    }

    /// Evicts what other processes asked for.
    mutating func obey(_ round: inout EvictionRound) throws(StorageError) {
        guard round.mayBeAsked else { return }
        round.mayBeAsked = false
        let asked = try round.directory.catalogue.evictions(of: round.torrents)
        for (store, folder) in round.stores {
            guard let before = asked[folder.torrent] else { continue }
            let chosen = store.candidates().filter { $0.lastUse <= before }
            for batch in EvictionRound.batches(chosen) { _ = try store.evict(batch) }
            round.giveUpReserve(of: store)
            // So that who asks knows better next time what is old here.
            if let times = store.state.withLock({ $0.uses.takeBytes() }) {
                try round.directory.catalogue.keep(times: times, of: folder.torrent)
            }
        }
        guard !asked.isEmpty else { return }
        try round.settle()
        try round.directory.catalogue.endEvictions(of: Set(asked.keys))
    }

    /// Reserves ahead for torrents that are being written, and gives up what others do not use.
    private func topUp(_ round: EvictionRound) throws(StorageError) {
        let policy = round.directory.limiter.policy
        guard let limit = round.limit else { return }
        for (store, folder) in round.stores {
            guard let usage = store.usage else { continue }
            let left = usage.ceiling - usage.committed
            if usage.takeIdleness() {
                guard left > 0 else { continue }
                let ceiling = usage.lowerCeiling()
                try round.directory.catalogue.settle([(folder.torrent, usage.bytes, ceiling)])
            } else if left < policy.reservationStep / 2 {
                let needed = usage.committed
                if let ceiling = try round.directory.catalogue.reserve(
                    folder.torrent, bytes: usage.bytes, needed: needed,
                    wanted: needed + policy.reservationStep, limit: limit)
                {
                    usage.setCeiling(ceiling)
                }
            }
        }
    }

    /// Answers requests for which there is room now.
    mutating func grant(_ round: inout EvictionRound) {
        var rest: [RoomRequest] = []
        for request in round.requests {
            do throws(StorageError) {
                if try round.grant(request) { request.finish(true) } else { rest.append(request) }
            } catch {
                warn(error)
                rest.append(request)
            }
        }
        round.requests = rest
    }

    /// Counts files after a crash, some at a time; true where some are left.
    private mutating func count(_ round: EvictionRound) -> Bool {
        for (store, _) in round.stores where store.usage?.isCounted == false {
            store.countFiles()
            return true
        }
        return false
    }

    /// Writes what the disk did not take: one piece to see, all when there is room for all; tells the
    /// catalogue of pins and losses that it could not be told of.
    private mutating func retry(_ round: EvictionRound) {
        guard .now() >= nextRetry else { return }
        nextRetry = .now() + Self.retryInterval
        for (store, _) in round.stores {
            store.savePins()
            store.saveLosses()
            let bytes = store.retainedBytes
            guard bytes > 0 else { continue }
            store.writeRetained(all: round.hasRoom(for: Int64(bytes), others))
        }
    }

    private mutating func keepTimes(_ round: EvictionRound) {
        guard .now() >= nextKeep else { return }
        nextKeep = .now() + Self.keepInterval
        for (store, folder) in round.stores {
            guard let times = store.state.withLock({ $0.uses.takeBytes() }) else { continue }
            do throws(StorageError) {
                try round.directory.catalogue.keep(times: times, of: folder.torrent)
            } catch {
                warn(error)
            }
        }
    }

    mutating func warn(_ error: StorageError) {
        if hasWarned { return Log.debug("\(error)") }
        hasWarned = true
        Log.warning("eviction: \(error.cause)")
    }
}
