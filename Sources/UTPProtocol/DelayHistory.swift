import TorrentCore

/// The one-way delays of one direction, as differences of two clocks: their least, which is what
/// the path takes without a queue, and the latest above it (RFC 6817, section 3.4.2).
struct DelayHistory {
    /// Minutes of which the least is kept: a route may change, and clocks drift.
    private static let minutes = 10
    /// The latest samples of which the least counts: single ones that waited for a processor are no
    /// queue.
    private static let filter = 4

    private var base: [UInt32] = []
    private var minuteEnd = Timestamp.zero
    private var recent: [UInt32] = []
    private var nextRecent = 0

    /// The least of the last minutes; nil before the first sample.
    private(set) var least: UInt32?

    /// Takes a sample in microseconds; the clocks' difference may make it any number.
    mutating func add(_ sample: UInt32, now: Timestamp) {
        if base.isEmpty || now >= minuteEnd {
            minuteEnd = now + .seconds(60)
            base.append(sample)
            if base.count > Self.minutes { base.removeFirst() }
        } else if Self.isLess(sample, base[base.count - 1]) {
            base[base.count - 1] = sample
        }
        if recent.count < Self.filter {
            recent.append(sample)
        } else {
            recent[nextRecent] = sample
            nextRecent = (nextRecent + 1) % Self.filter
        }
        updateLeast()
    }

    /// The other clock is found to run faster by so many microseconds: every delay seems longer.
    mutating func shift(_ microseconds: UInt32) {
        for index in base.indices { base[index] &+= microseconds }
        updateLeast()
    }

    /// The delay above the least, in microseconds; nil before the first sample.
    var queueing: UInt32? {
        guard let least, let first = recent.first else { return nil }
        let current = recent.dropFirst().reduce(first) { Self.isLess($1, $0) ? $1 : $0 }
        return Self.isLess(current, least) ? 0 : current &- least
    }

    private mutating func updateLeast() {
        guard let first = base.first else { return }
        least = base.dropFirst().reduce(first) { Self.isLess($1, $0) ? $1 : $0 }
    }

    private static func isLess(_ left: UInt32, _ right: UInt32) -> Bool {
        Int32(bitPattern: left &- right) < 0
    }
}
