package import TorrentCore

/// What became of a piece that was handed in.
package enum PieceOutcome: Equatable, Sendable {
    /// Its hash is right: it is served from now on. SHA-1 of each block where that was asked for.
    case verified(PieceIndex, blockDigests: [SHA1Digest]?)
    /// Its hash is wrong: the buffer is dropped. SHA-1 of each block, for smart ban.
    case failed(PieceIndex, blockDigests: [SHA1Digest])
    /// The torrent has no hash to check it with (BEP 52 without piece layers): dropped.
    case unverifiable(PieceIndex)
    /// A hybrid's piece that only one of the torrent's halves calls right: dropped, as there is no
    /// right one.
    case inconsistent(PieceIndex)
    /// The store is closed: dropped.
    case closed(PieceIndex)
}
