import TorrentCore

/// Lets through so much in a second on average, and so much at once.
struct TokenBucket {
    private let rate: Double
    private let burst: Double
    private var level: Double
    private(set) var updated: Timestamp

    init(rate: Double, burst: Double, now: Timestamp) {
        self.rate = rate
        self.burst = burst
        level = burst
        updated = now
    }

    private mutating func fill(now: Timestamp) {
        level = min(burst, level + max(0, (now - updated).seconds) * rate)
        updated = now
    }

    /// Takes `amount`; false, and nothing taken, where there is less.
    mutating func take(_ amount: Double = 1, now: Timestamp) -> Bool {
        fill(now: now)
        guard level >= amount else { return false }
        level -= amount
        return true
    }

    /// Puts one back that was not needed.
    mutating func giveBack() { level = min(burst, level + 1) }

    /// When there will be one again.
    func nextDue(now: Timestamp) -> Timestamp {
        level >= 1 ? now : updated + .seconds((1 - level) / rate + 0.001)
    }
}
