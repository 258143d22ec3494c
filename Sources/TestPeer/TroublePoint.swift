package import TorrentCore

/// When a peer's trouble begins, told from its first request on.
package enum TroublePoint: Equatable, Sendable {
    /// So long after the first request.
    case after(Interval)
    /// When so many bytes of blocks have been sent.
    case bytes(Int)
    /// At the end of each such period.
    case every(Interval)
}
