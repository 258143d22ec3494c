/// Bytes a second over the last few seconds, as an exponentially decaying mean.
package struct RateEstimator: Sendable {
    /// The mean forgets a change to 1/e in this time: quick enough for a status line, slow
    /// enough to even out bursts.
    package static let timeConstant = Interval.seconds(4)

    private var bytesPerSecond = 0.0
    private var pending = 0
    private var last: Timestamp

    /// Starts at a rate of zero.
    package init(now: Timestamp) { last = now }

    /// Counts bytes; cheap enough for every block.
    package mutating func add(_ bytes: Int) { pending += bytes }

    /// The rate now, in bytes a second.
    package mutating func rate(now: Timestamp) -> Double {
        let elapsed = (now - last).seconds
        guard elapsed > 0.05 else { return bytesPerSecond }
        let weight = elapsed / (elapsed + Self.timeConstant.seconds)
        bytesPerSecond += (Double(pending) / elapsed - bytesPerSecond) * weight
        pending = 0
        last = now
        return bytesPerSecond
    }
}
