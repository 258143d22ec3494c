package import Metainfo
import Reactor
package import TorrentCore

/// Where pieces stand in the files' Merkle trees, and the piece layers that come from peers (BEP 52).
extension PieceStore {
    /// Where a piece stands in its file's tree; nil in a v1 torrent. A binary search.
    package func tree(of piece: PieceIndex) -> PieceTree? {
        guard geometry.contains(piece) else { return nil }
        let start = Int64(piece.value) * Int64(geometry.pieceLength)
        guard let file = layout.file(at: start), let root = layout.piecesRoot(of: file) else {
            return nil
        }
        let fileHeight = layout.treeHeight(of: file)
        let height = layout.hasPieceLayer(file) ? layout.pieceLayer : fileHeight
        return PieceTree(
            root: root, fileHeight: fileHeight, height: height,
            firstLeaf: (piece.value - layout.pieces(of: file).lowerBound.value) << height,
            node: pieceRoot(of: piece))
    }

    /// The pieces that cannot be verified, since their part of a piece layer is not known: of a v2
    /// torrent whose metadata came from peers. Nil where there is none. Linear in the pieces.
    package var unverifiable: Bitfield? {
        guard metainfo.info.version == .v2 else { return nil }
        var result = Bitfield(count: geometry.pieceCount)
        for file in layout.files
        where layout.hasPieceLayer(file) && metainfo.pieceLayers.node(file: file, piece: 0) == nil {
            for piece in layout.pieces(of: file) { result[piece] = true }
        }
        return result.isEmpty ? nil : result
    }

    /// Takes a proven part of a piece layer, 32 bytes a node; `piece` is one whose `layerRequest` it
    /// answers. Gives the pieces that can be verified from now on.
    package func addLayer(
        _ nodes: [UInt8], answering request: HashRequest, of piece: PieceIndex
    ) -> Range<PieceIndex> {
        let start = Int64(piece.value) * Int64(geometry.pieceLength)
        guard let file = layout.file(at: start) else { return piece..<piece }
        let pieces = layout.pieces(of: file)
        let first = Int(request.index)
        fetchedLayers.withLock {
            $0.add(nodes, of: file, first: first, pieceCount: pieces.count)
        }
        let lower = pieces.lowerBound.advanced(by: first)
        return (lower..<lower.advanced(by: Int(request.length))).clamped(to: pieces)
    }

    /// Puts layers that have become whole into the metainfo that the cache has, so that the next mount
    /// needs no peer for them. Blocks on the disk.
    func saveLayers() {
        guard let folder = cacheFolder, fetchedLayers.withLock({ !$0.completed.isEmpty }) else {
            return
        }
        let fetched = fetchedLayers.withLock { layers in
            layers.noteSaved()
            return layers
        }
        let layers = layout.files.map { file -> [UInt8] in
            if let known = metainfo.pieceLayers.layer(of: file, in: layout) { return Array(known) }
            return fetched.layer(of: file) ?? []
        }
        guard let layers = PieceLayers(layers, of: layout) else { return }
        let whole = TorrentMetainfo(
            info: metainfo.info, announceTiers: metainfo.announceTiers,
            webSeeds: metainfo.webSeeds, comment: metainfo.comment,
            createdBy: metainfo.createdBy, creationDate: metainfo.creationDate,
            pieceLayers: layers)
        do {
            try CacheFolder.keepMetainfo(
                whole.encoded(), of: folder.name, in: folder.cache.descriptor)
        } catch {
            Log.warning("metainfo in the cache: \(error)")
        }
    }

    /// What a complete piece must hash to. A hybrid's must agree with both of its halves where it
    /// came from peers, as BEP 52 demands.
    package func verification(of piece: PieceIndex) -> PieceVerification {
        let expected = metainfo.verification(of: piece)
        switch expected {
        case .sha1(let digest):
            guard let tree = tree(of: piece), let node = tree.node else { return expected }
            return .both(
                digest, root: node, leafCount: 1 << tree.height,
                length: contentLength(of: piece))
        case .unavailable:
            guard let tree = tree(of: piece), let node = tree.node else { return expected }
            return .merkle(root: node, leafCount: 1 << tree.height)
        case .merkle, .both: return expected
        }
    }

    /// The same for bytes that are on disk, where one half of a hybrid tells enough.
    func metadataVerification(of piece: PieceIndex) -> PieceVerification {
        let expected = metainfo.verification(of: piece)
        return expected == .unavailable ? verification(of: piece) : expected
    }

    /// Bytes of a piece that its Merkle tree covers: a hybrid's padding is not in it.
    func contentLength(of piece: PieceIndex) -> Int {
        let start = Int64(piece.value) * Int64(geometry.pieceLength)
        guard let file = layout.file(at: start) else { return geometry.length(of: piece) }
        return Int(
            min(
                Int64(geometry.length(of: piece)),
                layout.offset(of: file) + layout.length(of: file) - start))
    }

    /// The node of a piece in its file's tree, which is the root in a file of one piece.
    func pieceRoot(of piece: PieceIndex) -> SHA256Digest? {
        let start = Int64(piece.value) * Int64(geometry.pieceLength)
        guard let file = layout.file(at: start) else { return nil }
        guard layout.hasPieceLayer(file) else { return layout.piecesRoot(of: file) }
        let number = piece.value - layout.pieces(of: file).lowerBound.value
        return metainfo.pieceLayers.node(file: file, piece: number)
            ?? fetchedLayers.withLock { $0.node(of: file, piece: number) }
    }

    /// The piece layer of a file, 32 bytes a piece, where all of it is known.
    func pieceLayer(of file: FileIndex) -> [UInt8]? {
        metainfo.pieceLayers.layer(of: file, in: layout).map(Array.init)
            ?? fetchedLayers.withLock { $0.layer(of: file) }
    }
}
