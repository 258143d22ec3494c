import TorrentCore

/// A packet that waits for its acknowledgement.
struct SentPacket {
    enum Fate { case onItsWay, lost, acknowledged }

    /// Where its payload begins in the stream.
    let start: Int
    /// Bytes of payload.
    let length: Int
    let isFIN: Bool
    /// Whether it probes the path, with padding; what is sent again does not.
    var isProbe: Bool
    var fate = Fate.onItsWay
    var sentAt: Timestamp
    /// Counts transmissions of the connection: who was sent before whom.
    var order: Int
    var transmissions = 1
}
