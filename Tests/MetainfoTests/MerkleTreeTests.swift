import Metainfo
import Testing
import TorrentCore
import TorrentCrypto

@Suite("Merkle trees (BEP 52)")
struct MerkleTreeTests {
    private let hashing = OpenSSLHashing()

    private func pair(_ left: SHA256Digest, _ right: SHA256Digest) -> SHA256Digest {
        hashing.sha256((left.bytes + right.bytes).span)
    }

    @Test func `trees are as wide as the next power of two`() {
        #expect(
            [0, 1, 2, 3, 4, 5, 8, 9, 1000].map { MerkleTree.leafCount(blocks: $0) }
                == [1, 1, 2, 4, 4, 8, 8, 16, 1024])
    }

    @Test func `missing leaves are zeros`() {
        let leaves = (0..<3).map { hashing.sha256([UInt8($0)].span) }
        let left = pair(leaves[0], leaves[1])
        let right = pair(leaves[2], .zero)
        #expect(
            MerkleTree.root(leaves: leaves, leafCount: 4, hashing: hashing) == pair(left, right))
        let zeros = pair(.zero, .zero)
        #expect(MerkleTree.paddingRoot(leafCount: 2, hashing: hashing) == zeros)
        #expect(
            MerkleTree.root(leaves: leaves, leafCount: 8, hashing: hashing)
                == pair(pair(left, right), pair(zeros, zeros)))
        #expect(
            MerkleTree.root(leaves: [leaves[0]], leafCount: 1, hashing: hashing) == leaves[0])
    }

    @Test func `a piece layer leads to the same root as the leaves`() {
        for blocks in [5, 8, 9, 16, 23] {
            let bytes = SampleTorrent.content(blocks * 16384 - 77, seed: UInt64(blocks))
            let leaves = MerkleTree.leaves(of: bytes.span, hashing: hashing)
            #expect(leaves.count == blocks)
            let layer = stride(from: 0, to: blocks, by: 4).flatMap { start in
                MerkleTree.root(
                    leaves: Array(leaves[start..<min(start + 4, blocks)]), leafCount: 4,
                    hashing: hashing
                ).bytes
            }
            #expect(
                MerkleTree.root(pieceLayer: layer, leavesPerPiece: 4, hashing: hashing)
                    == MerkleTree.root(
                        leaves: leaves, leafCount: MerkleTree.leafCount(blocks: blocks),
                        hashing: hashing))
        }
    }
}
