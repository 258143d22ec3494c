/// A point on a monotonic clock, in nanoseconds from an arbitrary start.
///
/// State machines are told the time; only the reactor (or a simulation) has a clock.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Nanoseconds since the clock's start.
    package let nanoseconds: Int64

    /// The clock's start.
    package static let zero = Timestamp(nanoseconds: 0)

    /// A point `nanoseconds` after the clock's start.
    @inlinable package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    @inlinable package static func < (left: Self, right: Self) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The point `interval` later.
    @inlinable package static func + (point: Self, interval: Interval) -> Self {
        Self(nanoseconds: point.nanoseconds &+ interval.nanoseconds)
    }

    /// The time from `right` to `left`.
    @inlinable package static func - (left: Self, right: Self) -> Interval {
        Interval(nanoseconds: left.nanoseconds &- right.nanoseconds)
    }
}
