import Metainfo
import Reactor
import Testing
import TorrentCore
import TorrentCrypto

@testable import PieceStorage

@Suite("Hashes for peers (BEP 52)")
struct HashServingTests {
    private let hashing = OpenSSLHashing()

    private func hashes(_ store: PieceStore, _ request: HashRequest) -> [UInt8]? {
        let result = Condition<[UInt8]??>(nil)
        store.hashes(for: request) { hashes in result.update { $0 = .some(hashes) } }
        return result.wait { $0 } ?? nil
    }

    private func store(_ torrent: SampleTorrent, _ directory: borrowing TemporaryDirectory) throws
        -> PieceStore
    {
        try PieceStore(torrent, in: CacheDirectory(path: directory.path))
    }

    @Test(arguments: [false, true])
    func `all leaves and piece layers prove themselves up to the root`(isHybrid: Bool) throws {
        let directory = try TemporaryDirectory()
        let files = SampleTorrent.files([16_384 * 37 + 5, 16_384 * 3, 70_000, 16_384 * 8])
        let torrent =
            try isHybrid
            ? SampleTorrent.hybrid(files, pieceLength: 131_072)
            : .v2(files, pieceLength: 131_072)
        let store = try store(torrent, directory)
        store.putAll(torrent)
        let layout = torrent.layout
        for file in layout.files {
            guard let root = layout.piecesRoot(of: file) else { continue }
            let height = layout.treeHeight(of: file)
            for layer in Set([0, 1, layout.pieceLayer]) where layer < height {
                for power in 1...(height - layer) {
                    let request = HashRequest(
                        piecesRoot: root, baseLayer: UInt32(layer), index: 0,
                        length: 1 << power, proofLayers: UInt32(height - layer - 1))
                    let answer = try #require(hashes(store, request))
                    #expect(
                        MerkleTree.provenNode(of: request, hashes: answer, hashing: hashing)
                            == root)
                    if layer == 0 {
                        let bytes = torrent.files[file.value].bytes
                        let leaf = MerkleTree.leaves(of: bytes.span, hashing: hashing)[1]
                        #expect(answer[32..<64] == leaf.bytes[...])
                    }
                }
            }
        }
    }

    @Test func `leaves are known of the pieces that are here, and piece layers always`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.v2(
            SampleTorrent.files([16_384 * 16]), pieceLength: 65_536)
        let store = try store(torrent, directory)
        store.put(PieceIndex(1), torrent.bytes(of: PieceIndex(1)))
        let root = try #require(torrent.layout.piecesRoot(of: FileIndex(0)))
        func request(_ layer: UInt32, _ index: UInt32, proof: UInt32 = 0) -> HashRequest {
            HashRequest(
                piecesRoot: root, baseLayer: layer, index: index, length: 2, proofLayers: proof)
        }
        #expect(hashes(store, request(0, 4, proof: 3))?.count == 5 * 32)
        #expect(hashes(store, request(0, 0)) == nil)
        #expect(hashes(store, request(2, 2, proof: 1))?.count == 3 * 32)
    }

    @Test func `what is asked beyond the tree, or of another, is not answered`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.v2(
            SampleTorrent.files([16_384 * 16]), pieceLength: 65_536)
        let store = try store(torrent, directory)
        store.putAll(torrent)
        let root = try #require(torrent.layout.piecesRoot(of: FileIndex(0)))
        func request(
            _ root: SHA256Digest, _ layer: UInt32, _ index: UInt32, _ length: UInt32,
            _ proof: UInt32
        ) -> HashRequest {
            HashRequest(
                piecesRoot: root, baseLayer: layer, index: index, length: length,
                proofLayers: proof)
        }
        #expect(hashes(store, request(root, 0, 16, 2, 0)) == nil)
        #expect(hashes(store, request(root, 0, 0, 2, 4)) == nil)
        #expect(hashes(store, request(root, 4, 0, 2, 0)) == nil)
        #expect(hashes(store, request(root, 0, 0, 32, 0)) == nil)
        #expect(hashes(store, request(.zero, 0, 0, 2, 0)) == nil)
        #expect(hashes(store, request(root, 0, 14, 2, 3)) != nil)
    }
}
