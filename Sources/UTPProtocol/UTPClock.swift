import TorrentCore

/// The clock of packets: microseconds in 32 bits (BEP 29).
enum UTPClock {
    static func microseconds(_ now: Timestamp) -> UInt32 {
        UInt32(truncatingIfNeeded: now.nanoseconds / 1000)
    }
}
