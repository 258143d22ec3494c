package import TorrentCore

/// Where a piece of a v2 or hybrid torrent stands in its file's Merkle tree (BEP 52).
package struct PieceTree: Sendable {
    /// Leaves that are asked for together: enough for reads around one place, and with their proof
    /// less than a kilobyte.
    package static let runLength = 16

    /// The root of the file's tree.
    package let root: SHA256Digest
    /// Layers above the leaves of the file's tree.
    package let fileHeight: Int
    /// Layers above the leaves up to the node that covers the piece: the piece layer, or the root.
    package let height: Int
    /// The piece's first leaf in the file's.
    package let firstLeaf: Int
    /// The node that covers the piece; nil while the piece layer is not known there.
    package let node: SHA256Digest?

    /// What is said of a piece.
    package init(
        root: SHA256Digest, fileHeight: Int, height: Int, firstLeaf: Int, node: SHA256Digest?
    ) {
        self.root = root
        self.fileHeight = fileHeight
        self.height = height
        self.firstLeaf = firstLeaf
        self.node = node
    }

    /// How many leaves of a piece are asked for together.
    package var runLength: Int { min(Self.runLength, 1 << height) }

    /// The request for a run of leaves, with the proof that leads to the piece's node; nil where the
    /// piece is one block, and its node the leaf.
    package func leafRequest(run: Int) -> HashRequest? {
        guard height > 0 else { return nil }
        return HashRequest(
            piecesRoot: root, baseLayer: 0, index: UInt32(firstLeaf + run * runLength),
            length: UInt32(runLength), proofLayers: UInt32(height - 1))
    }

    /// The request for the part of the piece layer that has the piece's node, with the proof that
    /// leads to the root; nil where there is no such layer.
    package var layerRequest: HashRequest? {
        guard height < fileHeight else { return nil }
        let length = min(HashRequest.maximumLength, 1 << (fileHeight - height))
        let piece = firstLeaf >> height
        return HashRequest(
            piecesRoot: root, baseLayer: UInt32(height), index: UInt32(piece / length * length),
            length: UInt32(length), proofLayers: UInt32(fileHeight - height - 1))
    }

    /// Whether an answer to `leafRequest` proves itself. At most one hash for each in it.
    package func proves(
        _ request: HashRequest, _ hashes: [UInt8], hashing: some Hashing
    ) -> Bool {
        guard let node, request.provenLayer == height, request.piecesRoot == root,
            request.provenIndex == firstLeaf >> height
        else { return false }
        return MerkleTree.provenNode(of: request, hashes: hashes, hashing: hashing) == node
    }
}
