package import TorrentCore

extension AnnounceStateMachine {
    /// Ends the announcing: `stopped` goes to every tracker that knows us, at once where nothing is
    /// under way to it. `finished` follows within `stopPatience`, at once where nobody knows us.
    package mutating func stop(now: Timestamp) {
        switch phase {
        case .idle:
            finish()
        case .running:
            phase = .stopping(since: now, graceIsOver: false)
            for index in trackers.indices
            where trackers[index].knowsUs && trackers[index].attempt == nil {
                announce(index, .stopped, now: now)
            }
            continueStopping(now: now)
        case .stopping, .finished:
            break
        }
    }

    mutating func continueStopping(now: Timestamp) {
        guard case .stopping(let since, var graceIsOver) = phase else { return }
        if !graceIsOver, now >= since + Self.stopGrace {
            graceIsOver = true
            phase = .stopping(since: since, graceIsOver: true)
            // An announce that got no answer may have been heard all the same.
            for index in trackers.indices {
                guard let event = trackers[index].attempt?.event, event != .stopped else {
                    continue
                }
                actions.append(.cancel(tracker: index))
                announce(index, .stopped, now: now)
            }
        }
        for index in trackers.indices
        where trackers[index].knowsUs && trackers[index].attempt == nil {
            announce(index, .stopped, now: now)
        }
        let isPending = trackers.contains { $0.attempt != nil }
        if !isPending || now >= since + stopLimit {
            finish()
        }
    }

    /// When `continueStopping` has something to do without an answer.
    var stopDeadline: Timestamp? {
        guard case .stopping(let since, let graceIsOver) = phase else { return nil }
        let waitsForGrace =
            !graceIsOver && trackers.contains { $0.attempt.map { $0.event != .stopped } ?? false }
        return since + (waitsForGrace ? Self.stopGrace : stopLimit)
    }

    /// How long the trackers under way are worth waiting for.
    private var stopLimit: Interval {
        trackers.contains { $0.attempt != nil && $0.knowsUs }
            ? Self.stopPatience : Self.stopPatienceWithUnknown
    }

    private mutating func finish() {
        for index in trackers.indices where trackers[index].attempt != nil {
            trackers[index].attempt = nil
            actions.append(.cancel(tracker: index))
        }
        phase = .finished
        actions.append(.finished)
    }
}
