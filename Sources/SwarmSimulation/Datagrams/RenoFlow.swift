import TorrentCore

/// A TCP flow with an endless supply, as far as its congestion window goes (RFC 5681): what uTP is
/// to give way to.
struct RenoFlow {
    static let packetLength = 1460

    private var window = 10.0
    private var threshold = Double.infinity
    private var inFlight = 0
    private var recoverUntil = Timestamp.zero
    /// Bytes that have arrived.
    private(set) var delivered = 0

    /// How many packets may go now.
    mutating func takeSendable() -> Int {
        let count = max(0, Int(window) - inFlight)
        inFlight += count
        return count
    }

    mutating func acknowledged() {
        inFlight -= 1
        delivered += Self.packetLength
        window += window < threshold ? 1 : 1 / window
    }

    mutating func lost(roundTrip: Interval, now: Timestamp) {
        inFlight -= 1
        guard now >= recoverUntil else { return }
        recoverUntil = now + roundTrip
        window = max(2, window / 2)
        threshold = window
    }
}
