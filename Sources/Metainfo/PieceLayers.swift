import Bencode
package import TorrentCore

/// The rows of the files' Merkle trees that hold one node a piece (BEP 52, `piece layers`), each
/// checked against its file's pieces root. Files of one piece have none, nor need it.
package struct PieceLayers: Sendable {
    /// No layers: a v1 torrent, or one whose info dictionary came from peers.
    package static let none = PieceLayers(nodes: [], starts: [])

    /// All layers, 32 bytes a node. Files of the same content share one.
    let nodes: [UInt8]
    /// The node at which each file's layer starts; `noLayer` for none; empty where none has one.
    private let starts: [UInt32]

    private static let noLayer = UInt32.max

    private init(nodes: [UInt8], starts: [UInt32]) {
        self.nodes = nodes
        self.starts = starts
    }

    /// The layers, given for each file as 32 bytes a piece, empty for a file of one piece or none.
    /// Only checks their lengths: for layers just made from the files themselves.
    package init?(_ layers: [[UInt8]], of layout: FileLayout) {
        guard layers.count == layout.count else { return nil }
        var nodes: [UInt8] = []
        var starts = [UInt32](repeating: Self.noLayer, count: layout.count)
        for (file, layer) in zip(layout.files, layers) where !layer.isEmpty {
            let count = layout.pieces(of: file).count * SHA256Digest.byteCount
            guard layer.count == count else { return nil }
            starts[file.value] = UInt32(nodes.count / SHA256Digest.byteCount)
            nodes += layer
        }
        self.init(nodes: nodes, starts: starts)
    }

    /// The node of a piece of a file, counted from the file's start; nil where the layer is not
    /// known.
    package func node(file: FileIndex, piece: Int) -> SHA256Digest? {
        guard hasLayer(of: file) else { return nil }
        let start = (Int(starts[file.value]) + piece) * SHA256Digest.byteCount
        return SHA256Digest(nodes[start..<start + SHA256Digest.byteCount])
    }

    /// The layer of a file, 32 bytes a piece; nil where it is not known.
    package func layer(of file: FileIndex, in layout: FileLayout) -> ArraySlice<UInt8>? {
        guard hasLayer(of: file) else { return nil }
        let start = Int(starts[file.value]) * SHA256Digest.byteCount
        return nodes[start..<start + layout.pieces(of: file).count * SHA256Digest.byteCount]
    }

    private func hasLayer(of file: FileIndex) -> Bool {
        file.value < starts.count && starts[file.value] != Self.noLayer
    }

    /// Reads and checks the dictionary `piece layers`. A layer that is missing stays unknown; one
    /// that is wrong makes the torrent unusable.
    init(
        _ document: BencodeDocument, _ node: BencodeNode, layout: FileLayout,
        hashing: some Hashing
    ) throws(MetainfoError) {
        guard document.kind(of: node) == .dictionary else { throw .badField("piece layers") }
        let entries = Self.sortedEntries(document, node)
        var nodes: [UInt8] = []
        var starts: [UInt32] = []
        // Equal files share a root and a layer, which is kept and checked once.
        var known = [UInt32](repeating: Self.noLayer, count: entries.count)
        for file in layout.files {
            guard layout.length(of: file) > layout.pieceLength,
                let root = layout.piecesRoot(of: file),
                let index = Self.find(root.bytes, in: entries, document)
            else { continue }
            let layer = document.bytes[entries[index].layer]
            guard layer.count == layout.pieces(of: file).count * SHA256Digest.byteCount else {
                throw .badPieceLayer
            }
            if known[index] == Self.noLayer {
                let computed = MerkleTree.root(
                    pieceLayer: Array(layer),
                    leavesPerPiece: Int(layout.pieceLength) / BlockRequest.standardLength,
                    hashing: hashing)
                guard computed == root else { throw .badPieceLayer }
                known[index] = UInt32(nodes.count / SHA256Digest.byteCount)
                nodes += layer
            }
            if starts.isEmpty { starts = Array(repeating: Self.noLayer, count: layout.count) }
            starts[file.value] = known[index]
        }
        self.init(nodes: nodes, starts: starts)
    }

    private struct Entry {
        let root: Range<Int>
        let layer: Range<Int>
    }

    private static func sortedEntries(
        _ document: BencodeDocument, _ node: BencodeNode
    ) -> [Entry] {
        var entries: [Entry] = []
        var entry = document.firstEntry(node)
        while let current = entry {
            if let root = document.stringRange(current.key),
                let layer = document.stringRange(current.value)
            {
                entries.append(Entry(root: root, layer: layer))
            }
            entry = document.nextEntry(after: current)
        }
        // A well-formed dictionary is in order already.
        if !document.hasSortedKeys {
            entries.sort {
                document.bytes[$0.root].lexicographicallyPrecedes(document.bytes[$1.root])
            }
        }
        return entries
    }

    private static func find(
        _ root: [UInt8], in entries: [Entry], _ document: BencodeDocument
    ) -> Int? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if document.bytes[entries[middle].root].lexicographicallyPrecedes(root) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        guard low < entries.count, document.bytes[entries[low].root].elementsEqual(root) else {
            return nil
        }
        return low
    }
}
