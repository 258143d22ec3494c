package import TorrentCore

/// How many bytes may be on their way: LEDBAT (RFC 6817), which takes what others leave.
///
/// The window grows while the queue that it makes is shorter than a target delay and shrinks beyond,
/// so that it gives way to TCP and keeps the user's link usable. Periodic slowdowns let the queue
/// run empty, so that a flow that came later learns the true delay of the path, and flows share
/// (LEDBAT++, draft-irtf-iccrg-ledbat-plus-plus, section 4.4).
package struct LEDBATController: Sendable {
    /// The queueing delay to aim at (BEP 29).
    package static let target = Interval.milliseconds(100)
    /// Bytes that the window grows by in a round trip at most, where there is no queue (BEP 29's
    /// reference implementation).
    package static let gain = 3000.0
    /// Packets at the start, as TCP has beside it (RFC 6928): a block goes in one or two round trips.
    package static let initialPackets = 10
    /// Packets that may always be on their way.
    package static let leastPackets = 2
    /// Of a window in which a packet was lost so much is kept.
    package static let lossFactor = 0.5
    /// More than this is never on its way: what a receiver's window may be.
    package static let largestWindow = 1024 * 1024
    /// The share of the target at which the start is fast enough.
    private static let slowStartShare = 0.75
    /// Clocks do not drift so much between two packets: a larger step is a change of route.
    private static let largestDrift: UInt32 = 10_000
    /// A slowdown takes a tenth of the time.
    private static let slowdownRatio: Int64 = 9
    /// Slowdowns are not nearer than this, on however short a path.
    private static let slowdownPause = Interval.seconds(1)

    private let packet: Double
    private var bytes: Double
    private var threshold = Double(largestWindow)
    private var isInSlowStart = true
    private var ours = DelayHistory()
    private var theirs = DelayHistory()
    private var slowdownStart: Timestamp?
    private var slowdownEnd = Timestamp.zero
    private var nextSlowdown: Timestamp?

    /// For packets of so many bytes of payload.
    package init(packetLength: Int) {
        packet = Double(packetLength)
        bytes = packet * Double(Self.initialPackets)
    }

    /// How many bytes may be on their way.
    package var window: Int { Int(bytes) }

    /// The delay that the queue towards the peer adds, as last measured.
    package var queueingDelay: Interval? {
        ours.queueing.map { Interval(nanoseconds: Int64($0) * 1000) }
    }

    /// A packet has come whose clock differs from ours by so many microseconds. Where that becomes
    /// less, the peer's clock runs faster, and what it measures of us becomes more.
    package mutating func received(difference: UInt32, now: Timestamp) {
        let before = theirs.least
        theirs.add(difference, now: now)
        guard let before, let after = theirs.least else { return }
        let drift = before &- after
        if drift > 0, drift <= Self.largestDrift { ours.shift(drift) }
    }

    /// The peer has acknowledged so many bytes; `delay` is what it saw of our packets, microseconds,
    /// zero where it does not say. The window grows only where it is what holds the sender back.
    package mutating func acknowledged(
        _ count: Int, delay: UInt32, roundTrip: Interval?, isWindowFull: Bool, now: Timestamp
    ) {
        if delay != 0 { ours.add(delay, now: now) }
        let roundTrip = roundTrip ?? Self.target
        // No queue is longer than the whole way there and back.
        let queue = min(
            ours.queueing.map { Double($0) / 1e6 } ?? 0, max(0, roundTrip.seconds))
        if slow(roundTrip: roundTrip, isWindowFull: isWindowFull, now: now) { return }
        let share = queue / Self.target.seconds
        if isInSlowStart {
            if isWindowFull { bytes += Double(count) }
            if share > Self.slowStartShare || bytes >= threshold {
                endSlowStart(roundTrip: roundTrip, now: now)
            }
        } else {
            let part = min(Double(count), bytes) / max(bytes, Double(count))
            let change = Self.gain * part * max(-1, 1 - share)
            if change < 0 || isWindowFull { bytes += change }
        }
        clamp()
    }

    /// A packet was lost; once for those that were on their way together.
    package mutating func lost(roundTrip: Interval?, now: Timestamp) {
        bytes *= Self.lossFactor
        clamp()
        threshold = bytes
        if isInSlowStart { endSlowStart(roundTrip: roundTrip ?? Self.target, now: now) }
    }

    /// Nothing has come back for a time: begin anew.
    package mutating func timedOut() {
        threshold = max(bytes * Self.lossFactor, packet * Double(Self.leastPackets))
        bytes = packet * Double(Self.leastPackets)
        isInSlowStart = true
        slowdownStart = nil
    }

    /// Nothing was sent for a while: what was known of the path is old.
    package mutating func wasIdle() {
        bytes = min(bytes, packet * Double(Self.initialPackets))
        isInSlowStart = true
    }

    /// Whether a slowdown holds the window at its least.
    private mutating func slow(roundTrip: Interval, isWindowFull: Bool, now: Timestamp) -> Bool {
        if slowdownStart != nil { return now < slowdownEnd }
        guard let due = nextSlowdown, now >= due, isWindowFull, !isInSlowStart else { return false }
        threshold = bytes
        bytes = packet * Double(Self.leastPackets)
        slowdownStart = now
        slowdownEnd = now + roundTrip * 2
        nextSlowdown = nil
        isInSlowStart = true
        return true
    }

    private mutating func endSlowStart(roundTrip: Interval, now: Timestamp) {
        isInSlowStart = false
        if let start = slowdownStart {
            nextSlowdown = now + max(Self.slowdownPause, (now - start) * Self.slowdownRatio)
            slowdownStart = nil
        } else if nextSlowdown == nil {
            nextSlowdown = now + roundTrip * 2
        }
    }

    private mutating func clamp() {
        bytes = min(
            max(bytes, packet * Double(Self.leastPackets)), Double(Self.largestWindow))
    }
}
