package import TorrentCore

/// When peers are called back for somebody who waits and whom nobody serves: at once, but however many
/// reads wait and dials fail, one look at the list of peers does for all of a moment.
package struct Haste: Sendable {
    /// Peers are not called back more often.
    package static let pause = Interval.milliseconds(100)
    /// How often is looked whether what somebody waits for comes: as soon as a peer that failed may
    /// be tried again.
    package static let repeatTime = PeerList.impatientBackOff

    private var earliest = Timestamp.zero
    /// When to look again; nil while nobody waits.
    package private(set) var deadline: Timestamp?

    /// Nobody waits.
    package init() {}

    /// Whether peers may be called back now; where not, it is time for it at `deadline`.
    package mutating func isAllowed(now: Timestamp) -> Bool {
        if now >= earliest { return true }
        deadline = earliest
        return false
    }

    /// Peers are being called back.
    package mutating func began(now: Timestamp) { earliest = now + Self.pause }

    /// Somebody waits from now on.
    package mutating func wait(now: Timestamp) {
        if deadline == nil { deadline = now + Self.repeatTime }
    }

    /// Whether it is time to look, which then is done: `wait` where somebody still waits.
    package mutating func isDue(now: Timestamp) -> Bool {
        guard let due = deadline, now >= due else { return false }
        deadline = nil
        return true
    }
}
