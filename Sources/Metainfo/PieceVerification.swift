package import TorrentCore

/// What a complete piece must hash to.
package enum PieceVerification: Equatable, Sendable {
    /// Its SHA-1 (v1 and hybrid).
    case sha1(SHA1Digest)
    /// The root of the Merkle tree over its 16 KiB blocks (v2-only). The last block's leaf covers
    /// only the bytes there are; leaves beyond it up to `leafCount`, a power of two, are zero.
    case merkle(root: SHA256Digest, leafCount: Int)
    /// Both of its halves, of a hybrid. The tree covers the first `length` bytes: what follows is
    /// padding.
    case both(SHA1Digest, root: SHA256Digest, leafCount: Int, length: Int)
    /// A v2-only piece whose piece layer has not come yet.
    case unavailable
}
