/// Names one sequential reader of one file, as readahead sees it.
package struct StreamID: Hashable, Sendable {
    /// Unique in its torrent for the life of the process.
    package let rawValue: UInt64

    /// Wraps a number.
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
}
