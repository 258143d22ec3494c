import Metainfo
import Testing
import TorrentCore
import TorrentCrypto

@Suite("Proofs of hashes (BEP 52)")
struct ProofTests {
    private let hashing = OpenSSLHashing()

    private static let root = SHA256Digest(Array(repeating: UInt8(1), count: 32))

    private func tree(blocks: Int) -> HashTree {
        HashTree(
            base: (0..<blocks).flatMap {
                hashing.sha256([UInt8(truncatingIfNeeded: $0)].span).bytes
            },
            width: MerkleTree.leafCount(blocks: blocks), padding: .zero, hashing: hashing)
    }

    private func request(
        _ layer: Int, _ index: Int, _ length: Int, proof: Int
    ) throws -> HashRequest {
        HashRequest(
            piecesRoot: try #require(Self.root), baseLayer: UInt32(layer), index: UInt32(index),
            length: UInt32(length), proofLayers: UInt32(proof))
    }

    @Test func `a tree in memory has the nodes of the tree that it is part of`() {
        for blocks in [1, 2, 5, 8, 13] {
            let leaves = (0..<blocks).map { hashing.sha256([UInt8($0)].span) }
            let tree = tree(blocks: blocks)
            #expect(
                tree.root
                    == MerkleTree.root(
                        leaves: leaves, leafCount: MerkleTree.leafCount(blocks: blocks),
                        hashing: hashing))
            #expect(tree.node(layer: 0, index: blocks - 1) == leaves[blocks - 1])
        }
        #expect(tree(blocks: 5).node(layer: 0, index: 7) == .zero)
    }

    @Test(arguments: [2, 3, 8, 13, 64, 100])
    func `whatever a tree answers proves itself`(blocks: Int) throws {
        let tree = tree(blocks: blocks)
        for layer in 0..<tree.height {
            for power in 1...(tree.height - layer) {
                let length = 1 << power
                for index in stride(from: 0, to: 1 << (tree.height - layer), by: length) {
                    for proof in 0..<(tree.height - layer) {
                        let request = try request(layer, index, length, proof: proof)
                        let answer = try #require(
                            MerkleTree.answer(to: request, height: tree.height) {
                                tree.node(layer: $0, index: $1)
                            })
                        #expect(answer.count == request.hashCount * 32)
                        let proven = MerkleTree.provenNode(
                            of: request, hashes: answer, hashing: hashing)
                        #expect(
                            proven
                                == tree.node(
                                    layer: request.provenLayer, index: request.provenIndex))
                    }
                }
            }
        }
    }

    @Test func `the longest proof leads to the root`() throws {
        let tree = tree(blocks: 256)
        let request = try request(0, 16, 16, proof: 7)
        #expect(request.provenLayer == 8 && request.provenIndex == 0)
        #expect(request.hashCount == 20)
        let answer = try #require(
            MerkleTree.answer(to: request, height: 8) { tree.node(layer: $0, index: $1) })
        #expect(
            MerkleTree.provenNode(of: request, hashes: answer, hashing: hashing) == tree.root)
    }

    @Test func `any changed hash changes what is proven`() throws {
        let tree = tree(blocks: 16)
        let request = try request(0, 4, 4, proof: 3)
        let answer = try #require(
            MerkleTree.answer(to: request, height: 4) { tree.node(layer: $0, index: $1) })
        for hash in 0..<request.hashCount {
            var wrong = answer
            wrong[hash * 32 + 7] ^= 1
            #expect(
                MerkleTree.provenNode(of: request, hashes: wrong, hashing: hashing) != tree.root)
        }
        #expect(
            MerkleTree.provenNode(of: request, hashes: answer.dropLast(), hashing: hashing) == nil)
    }

    @Test func `hashes that are not known are not answered`() throws {
        let tree = tree(blocks: 16)
        let request = try request(0, 4, 4, proof: 3)
        let answer = MerkleTree.answer(to: request, height: 4) { layer, index in
            layer == 3 ? nil : tree.node(layer: layer, index: index)
        }
        #expect(answer == nil)
        #expect(MerkleTree.answer(to: request, height: 3) { _, _ in .zero } == nil)
    }
}
