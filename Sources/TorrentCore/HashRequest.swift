/// A request for hashes of a file's Merkle tree (BEP 52, messages 21 to 23).
///
/// Layers are counted from the leaves, which are the SHA-256 of 16 KiB each. The answer holds
/// `length` hashes of the layer `baseLayer` from `index` on, and then the uncles that lead from
/// their common ancestor upwards. Any 32-bit numbers may stand in it as it comes from a peer.
package struct HashRequest: Hashable, Sendable, CustomStringConvertible {
    /// Most hashes of the base layer in one request (BEP 52).
    package static let maximumLength = 512
    /// Layers of the tree over a file of 2^63 bytes, and so a bound for any.
    package static let maximumLayers = 50
    /// Most hashes in one answer.
    package static let maximumHashes = maximumLength + maximumLayers

    /// The root of the file's tree, which names the file.
    package let piecesRoot: SHA256Digest
    /// The layer of the hashes, zero for leaves.
    package let baseLayer: UInt32
    /// The first hash in its layer; a multiple of `length`.
    package let index: UInt32
    /// How many hashes; a power of two, at least two.
    package let length: UInt32
    /// How many layers above the base layer the proof covers; those that follow from the hashes
    /// themselves count, and have no uncle in the answer.
    package let proofLayers: UInt32

    /// A request of any numbers.
    package init(
        piecesRoot: SHA256Digest, baseLayer: UInt32, index: UInt32, length: UInt32,
        proofLayers: UInt32
    ) {
        self.piecesRoot = piecesRoot
        self.baseLayer = baseLayer
        self.index = index
        self.length = length
        self.proofLayers = proofLayers
    }

    /// Whether the numbers are as BEP 52 wants them, for some tree.
    package var isWellFormed: Bool {
        length >= 2 && length <= Self.maximumLength && length.nonzeroBitCount == 1
            && index % length == 0 && baseLayer < Self.maximumLayers
            && proofLayers < Self.maximumLayers
    }

    /// Whether a tree of `height` layers above its leaves has these hashes, and that proof.
    package func fits(height: Int) -> Bool {
        guard isWellFormed, Int(baseLayer) < height else { return false }
        let width = UInt64(1) << UInt64(height - Int(baseLayer))
        return UInt64(index) + UInt64(length) <= width
            && Int(baseLayer) + Int(proofLayers) < height
    }

    /// Layers above the base layer up to the common ancestor of the hashes.
    package var depth: Int { length.trailingZeroBitCount }

    /// How many uncles the answer holds; of a well-formed request.
    package var uncleCount: Int { max(0, Int(proofLayers) - depth + 1) }

    /// How many hashes the answer holds; of a well-formed request.
    package var hashCount: Int { Int(length) + uncleCount }

    /// The layer of the node that the answer proves: the common ancestor's, or above the last uncle.
    package var provenLayer: Int { Int(baseLayer) + depth + uncleCount }

    /// The index of that node in its layer.
    package var provenIndex: Int { Int(index) >> (depth + uncleCount) }

    package var description: String {
        "hashes \(index)..<\(UInt64(index) + UInt64(length)) of layer \(baseLayer) of \(piecesRoot)"
    }
}
