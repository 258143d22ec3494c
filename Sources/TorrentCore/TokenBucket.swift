/// Lets through so much in a second on average, and so much at once. What is not there is not owed; see
/// `RateLimiter` of Swarm for payload, which cannot be split.
package struct TokenBucket: Sendable {
    private let rate: Double
    private let burst: Double
    private var level: Double
    /// When it was last looked into.
    package private(set) var updated: Timestamp

    /// A full one, of so many a second and at most so many at once.
    package init(rate: Double, burst: Double, now: Timestamp) {
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
    package mutating func take(_ amount: Double = 1, now: Timestamp) -> Bool {
        fill(now: now)
        guard level >= amount else { return false }
        level -= amount
        return true
    }

    /// Whether one can be taken now.
    package mutating func hasOne(now: Timestamp) -> Bool {
        fill(now: now)
        return level >= 1
    }

    /// Puts one back that was not needed.
    package mutating func giveBack() { level = min(burst, level + 1) }

    /// When there will be one again, and a millisecond for what rounding leaves out; `now` where
    /// there is.
    package func nextDue(now: Timestamp) -> Timestamp {
        level >= 1 ? now : updated + .seconds((1 - level) / rate + 0.001)
    }
}
