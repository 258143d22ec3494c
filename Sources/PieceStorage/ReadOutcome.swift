package import TorrentCore

/// What a read of a file's bytes comes to, without waiting.
package enum ReadOutcome: Equatable, Sendable {
    /// The buffer holds this many verified bytes; fewer than asked only at the end of the file.
    case bytes(Int)
    /// Some piece in this range is not there yet; nothing was copied.
    case missing(Range<PieceIndex>)
    /// The cache file could not be read: an error number.
    case failed(Int32)
}
