import Metainfo
import TorrentCore

/// Piece layers that came from peers, part by part (BEP 52). Only proven nodes are put in.
struct FetchedLayers {
    private struct Layer {
        /// 32 bytes a piece; zeros where a node is not known.
        var nodes: [UInt8]
        var known: Bitfield
    }

    private var layers: [FileIndex: Layer] = [:]
    /// Files whose layer has become whole since it was last asked.
    private(set) var completed: Set<FileIndex> = []

    /// Adds the nodes of a file's pieces from `first` on; those beyond its last piece are padding.
    mutating func add(_ nodes: [UInt8], of file: FileIndex, first: Int, pieceCount: Int) {
        let size = SHA256Digest.byteCount
        let end = min(pieceCount, first + nodes.count / size)
        guard first < end else { return }
        // Taken out, so that it is changed in place.
        var layer =
            layers.removeValue(forKey: file)
            ?? Layer(
                nodes: [UInt8](repeating: 0, count: pieceCount * size),
                known: Bitfield(count: pieceCount))
        layer.nodes.replaceSubrange(
            first * size..<end * size, with: nodes[..<((end - first) * size)])
        for piece in first..<end { layer.known[PieceIndex(piece)] = true }
        layers[file] = layer
        if layer.known.isFull { completed.insert(file) }
    }

    /// The node of a piece, counted from the file's first.
    func node(of file: FileIndex, piece: Int) -> SHA256Digest? {
        guard let layer = layers[file], layer.known[PieceIndex(piece)] else { return nil }
        let start = piece * SHA256Digest.byteCount
        return SHA256Digest(layer.nodes[start..<start + SHA256Digest.byteCount])
    }

    /// The layer of a file, where all of it is known.
    func layer(of file: FileIndex) -> [UInt8]? {
        guard let layer = layers[file], layer.known.isFull else { return nil }
        return layer.nodes
    }

    /// What has been saved need not be saved again.
    mutating func noteSaved() { completed = [] }
}
