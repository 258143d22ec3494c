import TorrentCore

/// How another reader keeps to what it says that it fetches from a seed what all need.
struct SharingTurns {
    /// After so many missed turns in a row nothing is left to it...
    static let limit = 2
    /// ...for this long, doubled each time...
    static let firstPause = Interval.seconds(15)
    /// ...up to this: it reads something else, cannot keep up, or is not what it seems.
    static let longestPause = Interval.seconds(240)
    /// Pieces next to each other wait for the same slow peer: what is missed so soon after is the
    /// same turn.
    static let spacing = Interval.seconds(1)

    private var missedInARow = 0
    private var missedAt: Timestamp?
    private var pause = firstPause
    /// Until when nothing is left to it.
    private(set) var pausedUntil = Timestamp.zero

    mutating func missed(now: Timestamp) {
        if let missedAt, now - missedAt < Self.spacing { return }
        missedAt = now
        missedInARow += 1
        guard missedInARow >= Self.limit else { return }
        missedInARow = 0
        pausedUntil = now + pause
        pause = min(pause * 2, Self.longestPause)
    }

    mutating func taken() { missedInARow = 0 }
}
