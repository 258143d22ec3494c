import Bencode
import TorrentCore

/// The files and pieces of an info dictionary, of whichever version.
struct InfoContents {
    let layout: FileLayout
    let geometry: PieceGeometry
    let pieceHashes: Range<Int>

    init(
        _ document: BencodeDocument, _ node: BencodeNode, fields: InfoFields, info: [UInt8],
        limits: MetainfoLimits
    ) throws(MetainfoError) {
        let base = document.range(of: node).lowerBound
        let name = fields.name.lowerBound - base..<fields.name.upperBound - base
        func builder(isAligned: Bool) -> FileLayoutBuilder {
            FileLayoutBuilder(
                document: document, info: node, pieceLength: fields.pieceLength, limits: limits,
                isAligned: isAligned)
        }
        func tree() throws(MetainfoError) -> FileTree {
            guard let tree = document.value(node, "file tree") else {
                throw .badField("file tree")
            }
            return try FileTree(builder(isAligned: true), tree: tree)
        }
        switch fields.version {
        case .v2:
            let tree = try tree()
            layout = tree.builder.build(
                info: info, name: name, isSingleFile: tree.isSingleFile(named: fields.name),
                paths: tree.paths)
            geometry = Self.geometry(of: layout, pieceLength: fields.pieceLength)
            pieceHashes = 0..<0
        case .v1, .hybrid:
            let list = try FileList(builder(isAligned: false), info: node)
            var built = list.builder
            if fields.version == .hybrid {
                built.roots = try HybridAgreement(list, try tree(), fields: fields, info: info)
                    .roots
            }
            layout = built.build(
                info: info, name: name, isSingleFile: list.isSingleFile,
                paths: .lists(list.starts))
            geometry = PieceGeometry(
                totalLength: layout.totalLength, pieceLength: fields.pieceLength)
            guard let pieces = document.value(node, "pieces").flatMap(document.stringRange) else {
                throw .badField("pieces")
            }
            let expected = geometry.pieceCount * SHA1Digest.byteCount
            guard pieces.count == expected else {
                throw .pieceCountMismatch(
                    expected: Int64(geometry.pieceCount),
                    found: Int64(pieces.count / SHA1Digest.byteCount))
            }
            pieceHashes = pieces.lowerBound - base..<pieces.upperBound - base
        }
    }

    /// Each file starts a new piece, so that each file's last piece may be short.
    private static func geometry(of layout: FileLayout, pieceLength: Int) -> PieceGeometry {
        var short: [PieceIndex: Int32] = [:]
        for file in layout.files {
            let rest = layout.length(of: file) % Int64(pieceLength)
            if rest != 0, let last = layout.pieces(of: file).last { short[last] = Int32(rest) }
        }
        let count = (layout.totalLength + Int64(pieceLength) - 1) / Int64(pieceLength)
        return PieceGeometry(
            pieceLength: pieceLength, pieceCount: Int(count), shortPieces: short)
    }
}
