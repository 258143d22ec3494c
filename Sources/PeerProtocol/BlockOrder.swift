import TorrentCore

/// When a peer that fetches a hybrid's piece layers is about to ask for more of them.
struct BlockOrder: Sendable {
    /// So long after an answer the next request is awaited: a round trip to most peers.
    static let patience = Interval.milliseconds(250)
    /// Requests are awaited for no longer than that in all, however many files a torrent has.
    static let longestWait = Interval.seconds(2)

    /// How many requests get all piece layers, and are awaited.
    var expectedCount = 0
    private var answeredCount = 0
    private var firstAsked: Timestamp?
    private var lastAnswered: Timestamp?

    /// Whether the peer has asked for a piece layer.
    var hasBegun: Bool { firstAsked != nil }

    /// When the next request is awaited no longer; nil where none is.
    var deadline: Timestamp? {
        guard answeredCount < expectedCount, let firstAsked, let lastAnswered else { return nil }
        return min(lastAnswered + Self.patience, firstAsked + Self.longestWait)
    }

    mutating func asked(now: Timestamp) {
        if firstAsked == nil { firstAsked = now }
    }

    mutating func answered(now: Timestamp) {
        answeredCount += 1
        lastAnswered = now
    }

    /// A peer that does not ask in time is not awaited again.
    mutating func timerFired(now: Timestamp) {
        if let deadline, now >= deadline { expectedCount = 0 }
    }
}
