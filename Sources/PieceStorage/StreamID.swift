/// Names one sequential reader of one file, as readahead sees it.
package struct StreamID: Hashable, Sendable {
    /// Unique in its torrent for the life of the process.
    package let rawValue: UInt64

    /// Wraps a number.
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// A stream that nobody reads yet, such as a prefetch: the source serves it behind all readers
    /// and their readahead. It has the highest bit, which a reader's number never reaches.
    package static func background(_ number: UInt64) -> StreamID { StreamID(number | 1 << 63) }
}
