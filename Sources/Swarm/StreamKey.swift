/// Names one sequential reader and its readahead window.
package struct StreamKey: Hashable, Sendable {
    /// Unique in its torrent for the life of the process.
    package let rawValue: UInt64

    /// Wraps a number.
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// Whether the stream gets only what no other stream has a use for: its number has the highest
    /// bit.
    package var isBackground: Bool { rawValue >> 63 == 1 }
}
