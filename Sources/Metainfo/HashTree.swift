package import TorrentCore

/// A part of a Merkle tree in memory: a row of nodes and every row above it, to one root.
///
/// Rows are kept as they are filled, 32 bytes a node; beyond that all nodes of a row are the same
/// padding. So a tree takes twice its base row.
package struct HashTree: Sendable {
    /// Rows from the base upwards, without their padding.
    private let rows: [[UInt8]]
    /// What stands in for each row's missing nodes.
    private let padding: [SHA256Digest]

    /// The tree over `base`, 32 bytes a node, padded with `padding` to `width` nodes, a power of
    /// two that is no smaller than their number. One hash a node.
    package init(
        base: [UInt8], width: Int, padding: SHA256Digest, hashing: some Hashing
    ) {
        precondition(width > 0 && width.nonzeroBitCount == 1, "a tree's width is a power of two")
        precondition(base.count <= width * SHA256Digest.byteCount, "more nodes than the tree has")
        var rows = [base]
        var paddings = [padding]
        var (row, last) = (base, padding)
        var width = width
        while width > 1 {
            row = MerkleTree.parents(of: row, padding: last, hashing: hashing)
            last = hashing.sha256((last.bytes + last.bytes).span)
            rows.append(row)
            paddings.append(last)
            width /= 2
        }
        self.rows = rows
        self.padding = paddings
    }

    /// Layers above the base row.
    package var height: Int { rows.count - 1 }

    /// Bytes that the nodes take.
    package var byteCount: Int { rows.reduce(0) { $0 + $1.count } }

    /// The root.
    package var root: SHA256Digest { node(layer: height, index: 0) }

    /// A node; layers are counted from the base row. Constant time.
    package func node(layer: Int, index: Int) -> SHA256Digest {
        let start = index * SHA256Digest.byteCount
        let row = rows[layer]
        guard start + SHA256Digest.byteCount <= row.count else { return padding[layer] }
        return SHA256Digest(row[start..<start + SHA256Digest.byteCount]) ?? padding[layer]
    }
}
