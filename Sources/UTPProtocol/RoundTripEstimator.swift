package import TorrentCore

/// The round trip of a connection and the time to wait for an answer (RFC 6298).
package struct RoundTripEstimator: Sendable {
    /// Before there is a sample (RFC 6298).
    package static let initialTimeout = Interval.seconds(1)
    /// Acknowledgements may be held back, and processors be busy, for so long (BEP 29).
    package static let leastTimeout = Interval.milliseconds(500)
    /// The longest wait, however often it was doubled.
    package static let longestTimeout = Interval.seconds(30)

    /// The smoothed round trip; nil before the first sample.
    package private(set) var smoothed: Interval?
    private var variation = Interval.zero
    /// Timeouts in a row.
    package private(set) var backOff = 0

    /// Knows nothing yet.
    package init() {}

    /// Takes a sample, of a packet that was sent once only.
    package mutating func add(_ sample: Interval) {
        guard sample.nanoseconds >= 0 else { return }
        guard let old = smoothed else {
            smoothed = sample
            variation = Interval(nanoseconds: sample.nanoseconds / 2)
            return
        }
        let error = abs(sample.nanoseconds - old.nanoseconds)
        variation = Interval(
            nanoseconds: variation.nanoseconds + (error - variation.nanoseconds) / 4)
        smoothed = Interval(
            nanoseconds: old.nanoseconds + (sample.nanoseconds - old.nanoseconds) / 8)
    }

    /// How long to wait for an acknowledgement.
    package var timeout: Interval {
        var time = Self.initialTimeout
        if let smoothed { time = max(Self.leastTimeout, smoothed + variation * 4) }
        return min(time * (1 << Int64(min(backOff, 10))), Self.longestTimeout)
    }

    /// The time has passed without an answer: the next wait is twice as long.
    package mutating func timedOut() { backOff += 1 }

    /// There was an answer.
    package mutating func answered() { backOff = 0 }
}
