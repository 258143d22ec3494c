import TorrentCore

extension AnnounceStateMachine {
    /// Begins every announce that is due.
    mutating func schedule(now: Timestamp) {
        for index in groups.indices {
            if let working = groups[index].working, trackers[working].owesCompleted,
                isFree(groups[index], for: working)
            {
                announce(working, .completed, now: now)
            }
            while canAnnounce, let next = nextAttempt(in: groups[index], now: now), next.time <= now
            {
                announce(next.tracker, trackers[next.tracker].nextEvent, now: now)
            }
        }
    }

    /// Whether nothing is under way that an announce to `tracker` would have to wait for.
    private func isFree(_ group: AnnounceGroup, for tracker: Int) -> Bool {
        isPrivate
            ? group.order.allSatisfy { trackers[$0].attempt == nil }
            : trackers[tracker].attempt == nil
    }

    /// Whether one more ordinary announce may be under way.
    var canAnnounce: Bool {
        trackers.count { $0.attempt != nil } < Self.parallelLimit
    }

    /// Who is next in a group, and when, at `now` at the soonest; nil where nobody is, or an
    /// answer is awaited. Of several that could be asked at the same time the first in order is.
    func nextAttempt(
        in group: AnnounceGroup, now: Timestamp
    ) -> (time: Timestamp, tracker: Int)? {
        var earliest = max(group.due, now)
        for tracker in group.order {
            guard let attempt = trackers[tracker].attempt else { continue }
            if isPrivate { return nil }
            earliest = max(earliest, attempt.since + Self.patience)
        }
        var best: (time: Timestamp, tracker: Int)?
        for tracker in group.order where trackers[tracker].isCandidate {
            let time = max(earliest, trackers[tracker].notBefore)
            if time < best?.time ?? Timestamp(nanoseconds: .max) { best = (time, tracker) }
        }
        return best
    }

    mutating func announce(_ tracker: Int, _ event: AnnounceEvent, now: Timestamp) {
        trackers[tracker].attempt = AnnounceTracker.Attempt(event: event, since: now)
        actions.append(.announce(tracker: tracker, url: trackers[tracker].url, event: event))
    }

    /// Notes that a tracker serves its group.
    mutating func served(
        _ tracker: Int, _ attempt: AnnounceTracker.Attempt, _ response: AnnounceResponse,
        now: Timestamp
    ) {
        for index in groups.indices where groups[index].order.contains(tracker) {
            // A late answer does not unseat the tracker that was tried because of the delay.
            if let working = groups[index].working, working != tracker, now < groups[index].due {
                continue
            }
            groups[index].working = tracker
            groups[index].due = now + response.interval
            promote(tracker, in: &groups[index])
        }
    }

    /// Moves a tracker to the front of its tier (BEP 12).
    private func promote(_ tracker: Int, in group: inout AnnounceGroup) {
        let tier = trackers[tracker].tier
        guard let from = group.order.firstIndex(of: tracker),
            let to = group.order.firstIndex(where: { trackers[$0].tier == tier })
        else { return }
        group.order.remove(at: from)
        group.order.insert(tracker, at: to)
    }

    /// The wait after the `failures`th failure in a row: doubling, up to a tenth longer so that
    /// the peers of a tracker that comes back do not all return at once, and never less than the
    /// tracker asked for.
    mutating func backOff(after failures: Int, _ error: TrackerError) -> Interval {
        let doublings = Int64(min(failures - 1, 16))
        let wait = min(Self.firstBackOff * (1 << doublings), Self.longestBackOff)
        let jitter = Interval(
            nanoseconds: Int64.random(in: 0...(wait.nanoseconds / 10), using: &random))
        guard case .refused(_, .after(let asked)) = error else { return wait + jitter }
        return max(wait + jitter, min(asked, AnnounceResponse.longestInterval))
    }
}
