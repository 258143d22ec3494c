/// What an eviction that somebody asked for has done.
package struct EvictionResult: Equatable, Sendable {
    /// Pieces that are not cached any more.
    package var pieces = 0
    /// Bytes that the disk got back.
    package var bytes: Int64 = 0
    /// Pieces that are still cached: pinned, being read, or in a file that a program has open
    /// directly.
    package var piecesKept = 0

    /// Nothing done.
    package init() {}
}
