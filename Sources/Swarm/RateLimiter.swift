package import TorrentCore

/// A token bucket: lets bytes pass at a rate, and after a pause a quarter of a second of them at once.
///
/// Whoever cannot split its portions, and so passes more than is available, makes a debt that is
/// paid before anything else passes: over any longer time the rate is kept to the byte.
package struct RateLimiter: Sendable {
    /// What may be saved up: enough that a timer that comes late loses nothing, little enough that
    /// nobody sees a burst.
    private static let saved = 0.25
    /// The least that may be saved up: with less than two blocks nothing would flow.
    private static let smallest = 2 * Double(BlockRequest.standardLength)
    /// Where there is too little, it is worth coming back for this share of a second.
    private static let portion = 0.01

    /// Bytes a second; nil for no limit.
    package private(set) var rate: Int?
    private var level = 0.0
    private var at: Timestamp

    /// A full bucket.
    package init(rate: Int?, now: Timestamp) {
        self.rate = rate.map { max(1, $0) }
        at = now
        level = capacity
    }

    /// Changes the rate; what was saved, or is owed, stays within what the new rate allows.
    package mutating func setRate(_ rate: Int?, now: Timestamp) {
        _ = available(now: now)
        self.rate = rate.map { max(1, $0) }
        level = max(-capacity, min(level, capacity))
        at = now
    }

    /// How many bytes can be saved up.
    package var capacity: Double { max(Self.smallest, Double(rate ?? 0) * Self.saved) }

    /// How many bytes may be asked for, or sent, now; `.max` without a limit, negative while a debt
    /// is paid. `outstanding` have been asked for and will be spent when they come.
    package mutating func available(outstanding: Int = 0, now: Timestamp) -> Int {
        guard let rate else { return .max }
        level += Double(rate) * max(0, (now - at).seconds)
        at = max(at, now)
        level = min(level, capacity + Double(outstanding))
        return Int(level.rounded(.down)) - outstanding
    }

    /// So many bytes have passed.
    package mutating func spend(_ bytes: Int) {
        if rate != nil { level -= Double(bytes) }
    }

    /// When there will be enough beyond `floor` to come back for; nil without a limit.
    package mutating func nextAvailable(
        above floor: Int = 0, outstanding: Int = 0, now: Timestamp
    ) -> Timestamp? {
        guard let rate else { return nil }
        let wanted = min(
            capacity,
            Double(floor)
                + max(Double(BlockRequest.standardLength), Double(rate) * Self.portion))
        let missing = wanted - Double(available(outstanding: outstanding, now: now))
        return now + max(Interval.milliseconds(1), Interval.seconds(missing / Double(rate)))
    }
}
