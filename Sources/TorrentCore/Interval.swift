/// A length of time in nanoseconds: `Duration` at the cost of one word, for per-block arithmetic.
package struct Interval: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The length.
    package let nanoseconds: Int64

    /// No time at all.
    package static let zero = Interval(nanoseconds: 0)

    /// A length in nanoseconds.
    @inlinable package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// A length in seconds; saturates where it does not fit.
    @inlinable package static func seconds(_ seconds: Double) -> Self {
        Self(nanoseconds: Int64(exactly: (seconds * 1e9).rounded()) ?? .max / 4)
    }

    /// Whole microseconds.
    @inlinable package static func microseconds(_ microseconds: Int64) -> Self {
        Interval(nanoseconds: microseconds * 1000)
    }

    /// A length in milliseconds.
    @inlinable package static func milliseconds(_ milliseconds: Int64) -> Self {
        Self(nanoseconds: milliseconds &* 1_000_000)
    }

    /// The length in seconds.
    @inlinable package var seconds: Double { Double(nanoseconds) / 1e9 }

    /// The length in milliseconds, rounded up, as `epoll_wait` wants it.
    @inlinable package var millisecondsRoundedUp: Int64 { (nanoseconds &+ 999_999) / 1_000_000 }

    @inlinable package static func < (left: Self, right: Self) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The sum.
    @inlinable package static func + (left: Self, right: Self) -> Self {
        Self(nanoseconds: left.nanoseconds &+ right.nanoseconds)
    }

    /// The difference.
    @inlinable package static func - (left: Self, right: Self) -> Self {
        Self(nanoseconds: left.nanoseconds &- right.nanoseconds)
    }

    /// The multiple.
    @inlinable package static func * (interval: Self, factor: Int64) -> Self {
        Self(nanoseconds: interval.nanoseconds &* factor)
    }

    /// Seconds with three decimals.
    package var description: String {
        let milliseconds = nanoseconds / 1_000_000
        let fraction = String(abs(milliseconds % 1000))
        return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - fraction.count)
            + fraction + " s"
    }
}
