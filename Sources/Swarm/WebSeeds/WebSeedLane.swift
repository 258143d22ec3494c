import TorrentCore

/// One of the requests that a web seed is asked to answer at a time; takes a peer's slot, so that
/// its blocks are kept account of as any peer's.
struct WebSeedLane {
    /// Whose.
    let seed: Int
    /// When its run was asked for; nil while it has none.
    var startedAt: Timestamp?
    /// When the run began to arrive.
    var answeredAt: Timestamp?
    /// Payload of the run so far.
    var bytes = 0

    var isBusy: Bool { startedAt != nil }

    mutating func begin(now: Timestamp) {
        startedAt = now
        answeredAt = nil
        bytes = 0
    }

    mutating func end() { startedAt = nil }
}
