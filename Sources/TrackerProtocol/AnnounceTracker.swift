import TorrentCore

/// What `AnnounceStateMachine` knows of one tracker.
struct AnnounceTracker: Sendable {
    /// An announce that has not been answered.
    struct Attempt: Sendable {
        let event: AnnounceEvent
        let since: Timestamp
    }

    let url: String
    /// The tier's number, from zero; only its order counts.
    var tier: Int
    /// The announce under way.
    var attempt: Attempt?
    /// Whether it has answered an announce since `start`, so that it has to hear `stopped`.
    var knowsUs = false
    /// Whether it has to hear `completed`.
    var owesCompleted = false
    /// Whether it has said that it never wants to hear from us (BEP 31).
    var isRetired = false
    /// Whether it is no longer on the list.
    var isRemoved = false
    /// Failures in a row.
    var failures = 0
    /// No announce before this: back-off after failures, `min interval` after an answer.
    var notBefore = Timestamp.zero
    /// From its last answer.
    var trackerID: [UInt8]?

    /// Whether an ordinary announce may ever go to it, when its time has come.
    var isCandidate: Bool { attempt == nil && !isRetired && !isRemoved }

    /// What an ordinary announce would say.
    var nextEvent: AnnounceEvent { !knowsUs ? .started : owesCompleted ? .completed : .none }

    /// As before the first announce.
    mutating func forget() {
        attempt = nil
        knowsUs = false
        owesCompleted = false
        isRetired = false
        failures = 0
        notBefore = .zero
    }
}
