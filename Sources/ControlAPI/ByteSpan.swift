/// Bytes of a file: from `start` up to, and without, `end`; to the file's end where that is nil.
package struct ByteSpan: Codable, Equatable, Sendable {
    /// The first byte.
    package var start: Int64
    /// Behind the last byte.
    package var end: Int64?

    /// A span of known ends.
    package init(start: Int64, end: Int64?) {
        self.start = start
        self.end = end
    }
}
