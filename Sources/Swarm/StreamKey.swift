/// Names one sequential reader and its readahead window.
package struct StreamKey: Hashable, Sendable {
    /// Unique in its torrent for the life of the process.
    package let rawValue: UInt64

    /// Wraps a number.
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
}
