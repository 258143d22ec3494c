/// How far the making of a torrent has come.
package struct CreationProgress: Equatable, Sendable {
    /// Pieces hashed.
    package let pieces: Int
    /// Pieces there are.
    package let totalPieces: Int
    /// Bytes hashed, padding included.
    package let bytes: Int64
    /// Bytes there are, padding included.
    package let totalBytes: Int64
}
