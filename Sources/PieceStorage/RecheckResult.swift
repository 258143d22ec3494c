package import TorrentCore

/// What hashing a torrent's cached pieces again has found.
package struct RecheckResult: Sendable {
    /// How many pieces were hashed.
    package var pieces = 0
    /// How many bytes that were.
    package var bytes: Int64 = 0
    /// Those whose bytes are not the torrent's, in order.
    package var damaged: [PieceIndex] = []
    /// Whether the damaged ones were dropped.
    package var isRepaired = false
}
