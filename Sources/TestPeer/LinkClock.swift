import TorrentCore

/// The time of a link that stands still while the link stalls.
///
/// Whatever is under way then takes up where it was, so shaping needs to know of no stall: it
/// reckons in this time, and asks for the real one at the end.
struct LinkClock {
    private var stalls: [(start: Timestamp, end: Timestamp)] = []

    /// Stands still from `start` for `length`; stalls are added in order and do not overlap.
    mutating func addStall(from start: Timestamp, for length: Interval) {
        stalls.append((start, start + length))
    }

    /// The link's time at `real`.
    func linkTime(at real: Timestamp) -> Timestamp {
        var lost = Interval.zero
        for stall in stalls where stall.start < real {
            lost = lost + (min(stall.end, real) - stall.start)
        }
        return Timestamp(nanoseconds: real.nanoseconds - lost.nanoseconds)
    }

    /// When the link's time passes `link`: after the stall that begins just then.
    func realTime(of link: Timestamp) -> Timestamp {
        var real = link
        for stall in stalls where stall.start <= real { real = real + (stall.end - stall.start) }
        return real
    }
}
