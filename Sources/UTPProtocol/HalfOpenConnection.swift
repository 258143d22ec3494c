import TorrentCore

/// A connection that somebody has asked for who has not yet shown that the address is his.
struct HalfOpenConnection {
    let key: UTPConnectionKey
    /// The number of the SYN.
    let synSequence: UTPSequenceNumber
    /// The random number that only who receives our answer knows.
    let sequence: UTPSequenceNumber
    let deadline: Timestamp
}
