import Bencode

/// What a metainfo parser accepts: wide enough for real datasets, and finite.
package struct MetainfoLimits: Sendable {
    /// Size of a .torrent file or info dictionary.
    package var bytes = 256 << 20
    /// Entries of a file list, padding included: a million files of a hybrid have up to a million
    /// padding files between them.
    package var files = 2_200_000
    /// Length of a piece: 64 MiB are in use for the largest datasets.
    package var pieceLength = 64 << 20
    /// Pieces. The hashes of more would not fit `bytes`; v2 lengths come without hashes, and
    /// bitfields are sized by them. Far below the 31 bits that messages have.
    package var pieces = 1 << 24
    /// Directories above a file, and the file; also what libtorrent takes.
    package var pathDepth = 100
    /// Bytes in one component of a path; what libtorrent takes, and `PATH_MAX`.
    package var nameBytes = 4096
    /// Trackers and web seeds that are kept, each; nobody can use more.
    package var addresses = 1024

    /// The limits of this program.
    package static let standard = MetainfoLimits()

    /// For the whole file. A file tree nests one level a directory, in `file tree`, in `info`, and
    /// ends in two more.
    var bencode: BencodeLimits { BencodeLimits(depth: pathDepth + 8, bytes: bytes) }
}
