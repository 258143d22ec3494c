import Metainfo
import TorrentCore
import TorrentCrypto

/// The Merkle trees of the data (BEP 52). Those over the pieces are all made at the start, so that
/// what is measured later is the other side.
///
/// Belongs to the loop's thread.
final class SeededHashes {
    private let layout: FileLayout
    private var leaves: [PieceIndex: HashTree] = [:]
    private var layers: [FileIndex: HashTree] = [:]

    init(_ metainfo: TorrentMetainfo, data: SeededData) {
        layout = metainfo.info.layout
        guard metainfo.info.version != .v1 else { return }
        let hashing = OpenSSLHashing()
        for file in layout.files where layout.piecesRoot(of: file) != nil {
            let height = height(of: file)
            for piece in layout.pieces(of: file) {
                leaves[piece] = HashTree(
                    base: Self.leaves(of: piece, file, metainfo.info, data), width: 1 << height,
                    padding: .zero, hashing: hashing)
            }
            guard let layer = metainfo.pieceLayers.layer(of: file, in: layout) else { continue }
            layers[file] = HashTree(
                base: Array(layer),
                width: MerkleTree.leafCount(blocks: layout.pieces(of: file).count),
                padding: MerkleTree.paddingRoot(leafCount: 1 << height, hashing: hashing),
                hashing: hashing)
        }
    }

    private func height(of file: FileIndex) -> Int {
        layout.hasPieceLayer(file) ? layout.pieceLayer : layout.treeHeight(of: file)
    }

    /// What a seed answers to a request; nil where it makes no sense.
    func answer(_ request: HashRequest) -> [UInt8]? {
        guard let file = layout.file(withPiecesRoot: request.piecesRoot) else { return nil }
        let top = height(of: file)
        let pieces = layout.pieces(of: file)
        return MerkleTree.answer(to: request, height: layout.treeHeight(of: file)) {
            layer, index in
            guard layer < top else { return layers[file]?.node(layer: layer - top, index: index) }
            let piece = pieces.lowerBound.advanced(by: index >> (top - layer))
            guard piece < pieces.upperBound else {
                return MerkleTree.paddingRoot(leafCount: 1 << layer, hashing: OpenSSLHashing())
            }
            return leaves[piece]?.node(layer: layer, index: index & (1 << (top - layer) - 1))
        }
    }

    private static func leaves(
        of piece: PieceIndex, _ file: FileIndex, _ info: InfoDictionary, _ data: SeededData
    ) -> [UInt8] {
        let start = Int64(piece.value) * Int64(info.pieceLength)
        let end = min(
            start + Int64(info.pieceLength),
            info.layout.offset(of: file) + info.layout.length(of: file))
        var context = SHA256Context()
        var leaves: [UInt8] = []
        var position = start
        while position < end {
            let length = Int(min(Int64(BlockRequest.standardLength), end - position))
            let block = BlockRequest(
                piece: piece, begin: Int(position - start), length: length)
            var parts: [UnsafeRawBufferPointer] = []
            data.append(0..<length, of: block, to: &parts)
            for part in parts { context.update(part) }
            leaves += context.finish().bytes
            position += Int64(length)
        }
        return leaves
    }
}
