package import TorrentCore

/// Decides for one torrent which tracker is told what and when (BEP 3, 12, 27, 31).
///
/// A tier's trackers are tried in order, the order shuffled at first, and one that answers moves
/// to its tier's front (BEP 12). A public torrent announces to all tiers at once, because dead
/// trackers are common and the first peer is worth more than an announce; a private torrent goes
/// strictly through the tiers and has one announce under way at a time (BEP 27).
///
/// A tracker hears `started` until it answers, then `none`, `completed` at most once, and
/// `stopped` if it ever answered. The engine fills in the amounts when it carries out an announce.
/// A hybrid torrent, which is announced under both of its hashes, has one machine for each.
package struct AnnounceStateMachine: Sendable {
    /// Most trackers of one torrent; lists of thousands are spam, and each costs a look-up and an
    /// announce every half hour. Further ones are ignored.
    package static let trackerLimit = 200
    /// Most URLs of a list that are looked at, usable or not, before the rest is ignored.
    package static let urlLimit = 2000
    /// Most ordinary announces under way at once, so that a long list does not become a burst of
    /// connections.
    package static let parallelLimit = 32
    /// After this time without an answer, a public torrent also tries the tier's next tracker.
    package static let patience = Interval.seconds(5)
    /// Wait after the first failure; doubles with each further one.
    package static let firstBackOff = Interval.seconds(5)
    /// Longest wait after failures.
    package static let longestBackOff = Interval.seconds(1800)
    /// How long `stop` lets announces under way end by themselves, so that a tracker does not get
    /// `stopped` before the `started` that still travels.
    package static let stopGrace = Interval.milliseconds(500)
    /// How long `stop` waits for trackers that never answered, and may be dead.
    package static let stopPatienceWithUnknown = Interval.seconds(1)
    /// How long `stop` waits at all: unmounting has five seconds for everything.
    package static let stopPatience = Interval.seconds(3)

    enum Phase: Equatable {
        case idle
        case running
        case stopping(since: Timestamp, graceIsOver: Bool)
        case finished
    }

    var isPrivate: Bool
    var isComplete: Bool
    var phase = Phase.idle
    var trackers: [AnnounceTracker] = []
    var groups: [AnnounceGroup] = []
    var random: SeededRandom
    var actions: [AnnounceAction] = []

    /// Trackers whose URLs cannot be used, and ones that come twice, are left out. `isComplete`
    /// says whether all of the payload is there already: then `completed` is never sent.
    package init(tiers: [[String]], isPrivate: Bool, isComplete: Bool, seed: UInt64) {
        self.isPrivate = isPrivate
        self.isComplete = isComplete
        random = SeededRandom(seed: seed)
        setTiers(tiers, now: .zero)
    }

    // MARK: - What happens

    /// Begins to announce; also again, after `finished`.
    package mutating func start(now: Timestamp) {
        guard phase == .idle || phase == .finished else { return }
        phase = .running
        for index in trackers.indices { trackers[index].forget() }
        for index in groups.indices {
            groups[index].due = now
            groups[index].working = nil
        }
        schedule(now: now)
    }

    /// The last piece has verified. Trackers that know us are told, once.
    package mutating func complete(now: Timestamp) {
        guard !isComplete else { return }
        isComplete = true
        guard phase == .running else { return }
        for index in trackers.indices {
            trackers[index].owesCompleted =
                trackers[index].knowsUs || trackers[index].attempt?.event == .started
        }
        schedule(now: now)
    }

    /// More peers are wanted now: announces early, as soon as `min interval` allows.
    package mutating func requestPeers(now: Timestamp) {
        guard phase == .running else { return }
        for index in groups.indices {
            guard let working = groups[index].working else { continue }
            groups[index].due = min(groups[index].due, max(now, trackers[working].notBefore))
        }
        schedule(now: now)
    }

    /// The machine's network is there again, perhaps with another address: failures meanwhile do not
    /// count, and those who know us are told where we are.
    package mutating func networkReturned(now: Timestamp) {
        for index in trackers.indices where trackers[index].failures > 0 {
            trackers[index].failures = 0
            trackers[index].notBefore = now
        }
        guard phase == .running else { return }
        for index in groups.indices {
            groups[index].due = min(groups[index].due, now)
            if let working = groups[index].working {
                groups[index].due = max(groups[index].due, trackers[working].notBefore)
            }
        }
        schedule(now: now)
    }

    /// A tracker answered the announce under way.
    package mutating func succeeded(_ tracker: Int, _ response: AnnounceResponse, now: Timestamp) {
        guard trackers.indices.contains(tracker), let attempt = trackers[tracker].attempt else {
            return
        }
        trackers[tracker].attempt = nil
        trackers[tracker].failures = 0
        trackers[tracker].notBefore = now + response.minInterval
        if let id = response.trackerID { trackers[tracker].trackerID = id }
        switch attempt.event {
        case .started, .none: trackers[tracker].knowsUs = true
        case .completed: trackers[tracker].owesCompleted = false
        case .stopped: trackers[tracker].knowsUs = false
        }
        if attempt.event != .stopped { served(tracker, attempt, response, now: now) }
        proceed(now: now)
    }

    /// The announce under way to a tracker has failed.
    package mutating func failed(_ tracker: Int, _ error: TrackerError, now: Timestamp) {
        guard trackers.indices.contains(tracker), let attempt = trackers[tracker].attempt else {
            return
        }
        trackers[tracker].attempt = nil
        trackers[tracker].failures += 1
        switch attempt.event {
        // Nobody counted us as a leecher there: the next `started` says that nothing is left.
        case .started: trackers[tracker].owesCompleted = false
        case .none, .completed: break
        case .stopped: trackers[tracker].knowsUs = false
        }
        trackers[tracker].notBefore = now + backOff(after: trackers[tracker].failures, error)
        if case .refused(_, .never) = error {
            trackers[tracker].isRetired = true
            trackers[tracker].knowsUs = false
        }
        for index in groups.indices where groups[index].working == tracker {
            groups[index].working = nil
            groups[index].due = now
        }
        proceed(now: now)
    }

    /// Does what is due.
    package mutating func timerFired(now: Timestamp) { proceed(now: now) }

    /// When `timerFired` is to be called; nil where only events matter.
    package var nextDeadline: Timestamp? {
        switch phase {
        case .idle, .finished: nil
        case .running:
            canAnnounce ? groups.compactMap { nextAttempt(in: $0, now: .zero)?.time }.min() : nil
        case .stopping: stopDeadline
        }
    }

    /// What is to be done, in order; empties the list.
    package mutating func takeActions() -> [AnnounceAction] {
        defer { actions = [] }
        return actions
    }

    mutating func proceed(now: Timestamp) {
        switch phase {
        case .idle, .finished: break
        case .running: schedule(now: now)
        case .stopping: continueStopping(now: now)
        }
    }
}
