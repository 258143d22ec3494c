import Glibc
import Metainfo
import Reactor
package import TorrentCore
import TorrentCrypto

/// Hashes of the files' Merkle trees, for peers (BEP 52).
extension PieceStore {
    /// Finds the hashes that a request wants, on a hash thread, and calls `completion` there with 32
    /// bytes for each; nil where they are not known, or the request makes no sense. Leaves are known
    /// of pieces that are here: the first request for a piece reads and hashes it.
    package func hashes(
        for request: HashRequest, completion: @escaping @Sendable ([UInt8]?) -> Void
    ) {
        let isQueued = pools.hashing.submit { [self] in completion(answer(request)) }
        if !isQueued { completion(nil) }
    }

    private func answer(_ request: HashRequest) -> [UInt8]? {
        guard let file = file(withPiecesRoot: request.piecesRoot) else { return nil }
        let height = layout.treeHeight(of: file)
        let top = layout.hasPieceLayer(file) ? layout.pieceLayer : height
        let first = layout.pieces(of: file).lowerBound.value
        let last = layout.pieces(of: file).upperBound.value - 1
        let hashing = OpenSSLHashing()
        return MerkleTree.answer(to: request, height: height) { layer, index in
            guard layer < top else {
                return upperTree(of: file)?.node(layer: layer - top, index: index)
            }
            let below = top - layer
            let piece = first + index >> below
            guard piece <= last else {
                return MerkleTree.paddingRoot(leafCount: 1 << layer, hashing: hashing)
            }
            return leafTree(of: PieceIndex(piece), height: top)?
                .node(layer: layer, index: index & (1 << below - 1))
        }
    }

    /// The tree over a file's piece layer.
    private func upperTree(of file: FileIndex) -> HashTree? {
        if let tree = hashTrees.withLock({ $0.tree(.file(file)) }) { return tree }
        guard let layer = pieceLayer(of: file) else { return nil }
        let hashing = OpenSSLHashing()
        let tree = HashTree(
            base: layer, width: MerkleTree.leafCount(blocks: layout.pieces(of: file).count),
            padding: MerkleTree.paddingRoot(leafCount: 1 << layout.pieceLayer, hashing: hashing),
            hashing: hashing)
        hashTrees.withLock { $0.insert(tree, for: .file(file)) }
        return tree
    }

    /// The tree over a piece's leaves: where it is not at hand, the piece is read and hashed.
    private func leafTree(of piece: PieceIndex, height: Int) -> HashTree? {
        guard has(piece) else { return nil }
        if let tree = hashTrees.withLock({ $0.tree(.piece(piece)) }) { return tree }
        guard let expected = pieceRoot(of: piece),
            let memory = UploadMemory(count: contentLength(of: piece)),
            readPiece(piece, from: 0, into: memory.bytes, mayWait: true)
        else { return nil }
        pools.counters.addHashed(memory.bytes.count)
        let bytes = UnsafeRawBufferPointer(memory.bytes)
        let leaves = pools.verifiers.withVerifier { $0.leaves(of: bytes) }
        let tree = HashTree(
            base: leaves, width: 1 << height, padding: .zero, hashing: OpenSSLHashing())
        // Nobody is told what does not lead to the root: the data is damaged, or a hybrid's halves
        // do not agree.
        guard tree.root == expected else { return nil }
        hashTrees.withLock { $0.insert(tree, for: .piece(piece)) }
        return tree
    }

    /// The first file with this root. The table is made at the first request, which is linear in
    /// the number of files.
    private func file(withPiecesRoot root: SHA256Digest) -> FileIndex? {
        rootTable.withLock { table in
            if table == nil {
                var made: [SHA256Digest: FileIndex] = [:]
                for file in layout.files {
                    guard let root = layout.piecesRoot(of: file), made[root] == nil else {
                        continue
                    }
                    made[root] = file
                }
                table = made
            }
            return table?[root]
        }
    }
}
