package import TorrentCore

/// The SHA-256 trees of BEP 52: a leaf for each 16 KiB block of a file, zeros up to a power of two.
///
/// Rows of nodes are kept as bytes, 32 a node. Padding is never written out: a row that ends odd
/// is paired with the root of a padded subtree of that height.
package enum MerkleTree {
    /// How many leaves a tree over `blocks` blocks has: the next power of two.
    package static func leafCount(blocks: Int) -> Int {
        blocks <= 1 ? 1 : 1 << (Int.bitWidth - (blocks - 1).leadingZeroBitCount)
    }

    /// The root over `leaves`, padded with zero leaves to `leafCount`, a power of two that is no
    /// smaller than their number.
    package static func root(
        leaves: [SHA256Digest], leafCount: Int, hashing: some Hashing
    ) -> SHA256Digest {
        root(row: leaves.flatMap(\.bytes), width: leafCount, padding: .zero, hashing: hashing)
    }

    /// The root of a file from its piece layer, 32 bytes a piece, which are the roots over
    /// `leavesPerPiece` leaves each.
    package static func root(
        pieceLayer: [UInt8], leavesPerPiece: Int, hashing: some Hashing
    ) -> SHA256Digest {
        root(
            row: pieceLayer,
            width: leafCount(blocks: pieceLayer.count / SHA256Digest.byteCount),
            padding: paddingRoot(leafCount: leavesPerPiece, hashing: hashing), hashing: hashing)
    }

    /// The root over `leafCount` zero leaves, a power of two.
    package static func paddingRoot(leafCount: Int, hashing: some Hashing) -> SHA256Digest {
        root(row: [], width: leafCount, padding: .zero, hashing: hashing)
    }

    /// The leaves of a piece: the SHA-256 of each 16 KiB of `bytes`; the last may cover less.
    package static func leaves(of bytes: Span<UInt8>, hashing: some Hashing) -> [SHA256Digest] {
        var leaves: [SHA256Digest] = []
        var start = 0
        while start < bytes.count {
            let end = min(start + BlockRequest.standardLength, bytes.count)
            leaves.append(hashing.sha256(bytes.extracting(start..<end)))
            start = end
        }
        return leaves
    }

    /// The row above `row`; `padding` stands in for the missing half of a last, odd node.
    static func parents(
        of row: [UInt8], padding: SHA256Digest, hashing: some Hashing
    ) -> [UInt8] {
        let pair = 2 * SHA256Digest.byteCount
        var row = row
        if !row.count.isMultiple(of: pair) { row += padding.bytes }
        var parents: [UInt8] = []
        parents.reserveCapacity(row.count / 2)
        let span = row.span
        for start in stride(from: 0, to: row.count, by: pair) {
            parents += hashing.sha256(span.extracting(start..<start + pair)).bytes
        }
        return parents
    }

    private static func root(
        row: [UInt8], width: Int, padding: SHA256Digest, hashing: some Hashing
    ) -> SHA256Digest {
        precondition(width > 0 && width & (width - 1) == 0, "a tree's width is a power of two")
        precondition(row.count <= width * SHA256Digest.byteCount, "more nodes than the tree has")
        var row = row
        var padding = padding
        var width = width
        while width > 1 {
            row = parents(of: row, padding: padding, hashing: hashing)
            padding = hashing.sha256((padding.bytes + padding.bytes).span)
            width /= 2
        }
        return SHA256Digest(row) ?? padding
    }
}
