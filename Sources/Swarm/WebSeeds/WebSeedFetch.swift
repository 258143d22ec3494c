package import TorrentCore

/// A run of blocks that one web seed is asked for at once, in ascending order and without gaps
/// (but for the room between the files of a v2-only torrent).
package struct WebSeedFetch: Equatable, Sendable {
    /// Which web seed, by the order in which they were added.
    package let seed: Int
    /// The blocks.
    package let blocks: [BlockRequest]
    /// A read waits for them.
    package let isUrgent: Bool
}
