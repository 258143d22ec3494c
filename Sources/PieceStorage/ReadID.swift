/// Names one read that waits for pieces, until it is answered, cancelled or times out.
package struct ReadID: Hashable, Sendable {
    /// Unique in its torrent for the life of the process.
    package let rawValue: UInt64

    /// Wraps a number.
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
}
