import TorrentCore

/// Trackers of which one at a time serves, and the others stand by: a tier, or all tiers of a
/// private torrent.
struct AnnounceGroup: Sendable {
    /// In order of preference; tiers in ascending order.
    var order: [Int]
    /// When the next ordinary announce is wanted.
    var due: Timestamp
    /// Who answered last.
    var working: Int?
}
