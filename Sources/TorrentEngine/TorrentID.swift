/// Names a torrent in its session.
package struct TorrentID: Hashable, Sendable {
    /// Unique for the life of the process.
    package let rawValue: UInt32

    /// Wraps a number.
    package init(_ rawValue: UInt32) { self.rawValue = rawValue }
}
