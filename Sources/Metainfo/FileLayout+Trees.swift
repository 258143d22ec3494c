package import TorrentCore

/// The shapes of the files' Merkle trees (BEP 52).
extension FileLayout {
    /// Layers above the leaves of the file's tree; zero for a file of one block, or none.
    package func treeHeight(of file: FileIndex) -> Int {
        MerkleTree.leafCount(blocks: blockCount(of: file)).trailingZeroBitCount
    }

    /// The layer that has a node a piece, where the file has several pieces: its `piece layer`.
    package var pieceLayer: Int {
        max(1, Int(pieceLength) / BlockRequest.standardLength).trailingZeroBitCount
    }

    /// How many blocks of 16 KiB the file has, the last of which may be short.
    package func blockCount(of file: FileIndex) -> Int {
        let block = Int64(BlockRequest.standardLength)
        return Int((length(of: file) + block - 1) / block)
    }

    /// Whether the file has a piece layer: in a file of one piece the root itself covers that.
    package func hasPieceLayer(_ file: FileIndex) -> Bool { length(of: file) > pieceLength }

    /// How many requests of the longest kind get all piece layers. Linear in the number of files.
    package var layerRequestCount: Int {
        let length = HashRequest.maximumLength
        return files.reduce(0) {
            hasPieceLayer($1) ? $0 + (pieces(of: $1).count + length - 1) / length : $0
        }
    }

    /// The first file whose tree has this root. Linear in the number of files.
    package func file(withPiecesRoot root: SHA256Digest) -> FileIndex? {
        files.first { piecesRoot(of: $0) == root }
    }
}
