import TorrentCore

/// Peers that owe us blocks and have gone quiet for a moment: their data is acknowledged then.
///
/// A sender with Nagle's algorithm on (libtorrent) keeps the end of a block back until all before
/// it is acknowledged, and Linux delays that for 40 ms: measured, one random read in ten took 42 ms
/// instead of 1.5. Acknowledging after every read costs a busy sender half of its rate; after this
/// short silence it costs nothing.
struct LateAcknowledgements {
    /// Longer than the gaps of a busy sender, short beside any disk or network.
    private static let silence = Interval.milliseconds(2)

    private var connections: [PeerConnection] = []

    /// When `acknowledge` is due.
    private(set) var deadline: Timestamp?

    /// A connection has just been read from and more is to come.
    mutating func received(_ connection: PeerConnection, now: Timestamp) {
        if connection.acknowledgeAt == nil { connections.append(connection) }
        connection.acknowledgeAt = now + Self.silence
        if deadline == nil { deadline = now + Self.silence }
    }

    /// Acknowledges where it has been quiet for long enough.
    mutating func acknowledge(now: Timestamp) {
        guard let due = deadline, now >= due else { return }
        deadline = nil
        connections.removeAll { connection in
            guard connection.isOpen, let due = connection.acknowledgeAt, now < due else {
                connection.acknowledgeNow()
                return true
            }
            deadline = min(deadline ?? due, due)
            return false
        }
    }
}
