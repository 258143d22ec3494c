package import TorrentCore

extension AnnounceStateMachine {
    /// How many numbers have been given to trackers; some may have been removed.
    package var trackerCount: Int { trackers.count }

    /// The URL behind a tracker's number.
    package func url(of tracker: Int) -> String? {
        trackers.indices.contains(tracker) ? trackers[tracker].url : nil
    }

    /// What a tracker wants back as `trackerid`.
    package func trackerID(of tracker: Int) -> [UInt8]? {
        trackers.indices.contains(tracker) ? trackers[tracker].trackerID : nil
    }

    /// Adds a tracker, such as one from the command line, as a tier of its own after the others.
    /// False where it is there already, cannot be used, or is one too many.
    @discardableResult
    package mutating func add(url: String, now: Timestamp) -> Bool {
        let tier = (trackers.lazy.filter { !$0.isRemoved }.map(\.tier).max() ?? -1) + 1
        guard let tracker = insert(url, tier: tier) else { return false }
        place([tracker], now: now)
        proceed(now: now)
        return true
    }

    /// Replaces the list. Trackers that stay keep their state; ones that go and know us hear
    /// `stopped`.
    package mutating func replace(tiers: [[String]], now: Timestamp) {
        guard phase == .idle || phase == .running || phase == .finished else { return }
        setTiers(tiers, now: now)
        for index in trackers.indices where trackers[index].isRemoved {
            dismiss(index, now: now)
        }
        proceed(now: now)
    }

    /// The metadata has come and says that the torrent is private (BEP 27): from now on one tracker
    /// at a time is used, in the order of the list. Of those that know us the first one stays; the
    /// others hear `stopped`.
    package mutating func becomePrivate(now: Timestamp) {
        guard !isPrivate else { return }
        isPrivate = true
        guard groups.count > 1 else { return }
        let keeper = groups.first { $0.working != nil }
        groups = [
            AnnounceGroup(
                order: groups.flatMap(\.order), due: keeper?.due ?? now, working: keeper?.working)
        ]
        for index in trackers.indices where index != keeper?.working {
            dismiss(index, now: now)
        }
        proceed(now: now)
    }

    /// Is done with a tracker: what is asked of it is cancelled, and it hears `stopped` if it knows us.
    private mutating func dismiss(_ index: Int, now: Timestamp) {
        if let attempt = trackers[index].attempt, attempt.event != .stopped {
            trackers[index].attempt = nil
            actions.append(.cancel(tracker: index))
        }
        if phase == .running, trackers[index].knowsUs, trackers[index].attempt == nil {
            announce(index, .stopped, now: now)
        }
    }

    /// Makes `tiers` the list, in shuffled order within each.
    mutating func setTiers(_ tiers: [[String]], now: Timestamp) {
        let previous = groups
        groups = []
        for index in trackers.indices { trackers[index].isRemoved = true }
        var looked = 0
        for (number, urls) in tiers.enumerated() {
            var tier: [Int] = []
            for url in urls.prefix(Self.urlLimit - looked) {
                if let tracker = insert(url, tier: number) { tier.append(tracker) }
            }
            looked += min(urls.count, Self.urlLimit - looked)
            place(tier, now: now)
            guard usedCount < Self.trackerLimit, looked < Self.urlLimit else { break }
        }
        // A tracker that serves goes on serving, on its own schedule.
        for group in previous {
            guard let working = group.working, !trackers[working].isRemoved else { continue }
            for index in groups.indices where groups[index].order.contains(working) {
                groups[index].working = working
                groups[index].due = group.due
            }
        }
    }

    /// Gives a URL a number, the one that it had if it was on an earlier list; nil where it cannot
    /// be used or is there already. The number of a removed tracker is free once it knows nothing
    /// of us and nothing is under way to it.
    private mutating func insert(_ url: String, tier: Int) -> Int? {
        guard usedCount < Self.trackerLimit, let parsed = try? TrackerURL(parsing: url) else {
            return nil
        }
        let url = parsed.text
        if let known = trackers.firstIndex(where: { $0.url == url }) {
            guard trackers[known].isRemoved else { return nil }
            trackers[known].isRemoved = false
            trackers[known].tier = tier
            return known
        }
        let tracker = AnnounceTracker(url: url, tier: tier)
        guard
            let free = trackers.firstIndex(where: {
                $0.isRemoved && $0.attempt == nil && !$0.knowsUs
            })
        else {
            trackers.append(tracker)
            return trackers.count - 1
        }
        trackers[free] = tracker
        return free
    }

    private var usedCount: Int { trackers.count { !$0.isRemoved } }

    /// Puts a tier behind the others, shuffled.
    private mutating func place(_ tier: [Int], now: Timestamp) {
        guard !tier.isEmpty else { return }
        let shuffled = tier.shuffled(using: &random)
        if isPrivate, !groups.isEmpty {
            groups[0].order += shuffled
        } else {
            groups.append(AnnounceGroup(order: shuffled, due: now, working: nil))
        }
    }
}
