import Bencode
package import TorrentCore

/// The part of a torrent that its infohash covers: what is in it, in which pieces (BEP 3, BEP 52).
package struct InfoDictionary: Sendable {
    /// The exact bencoded form: what infohashes are of, and what peers are sent (BEP 9).
    package let bytes: [UInt8]
    /// The infohashes.
    package let identity: TorrentIdentity
    /// The format.
    package let version: TorrentVersion
    /// The name of the file, or of the folder around the files: raw bytes, possibly none.
    package let name: [UInt8]
    /// Nominal piece length in bytes.
    package let pieceLength: Int
    /// Whether peers may come from the trackers only (BEP 27).
    package let isPrivate: Bool
    /// The files.
    package let layout: FileLayout
    /// The pieces.
    package let geometry: PieceGeometry

    /// Where the v1 piece hashes stand in `bytes`; empty in a v2-only torrent.
    private let pieceHashes: Range<Int>

    /// Decodes an info dictionary, such as peers send it; `bytes` must hold nothing else.
    package init(
        parsing bytes: [UInt8], hashing: some Hashing, limits: MetainfoLimits = .standard
    ) throws(MetainfoError) {
        let document = try BencodeDocument(metainfo: bytes, limits: limits)
        try self.init(document, document.root, hashing: hashing, limits: limits)
    }

    /// Reads the info dictionary at `node`.
    init(
        _ document: BencodeDocument, _ node: BencodeNode, hashing: some Hashing,
        limits: MetainfoLimits
    ) throws(MetainfoError) {
        guard document.kind(of: node) == .dictionary else { throw .notATorrent }
        let range = document.range(of: node)
        guard range.count <= limits.bytes else { throw .bencode(.tooLong) }
        let bytes =
            range == 0..<document.bytes.count ? document.bytes : Array(document.bytes[range])
        let fields = try InfoFields(document, node, limits: limits)
        let contents = try InfoContents(document, node, fields: fields, info: bytes, limits: limits)

        self.bytes = bytes
        version = fields.version
        name = Array(document.bytes[fields.name])
        pieceLength = fields.pieceLength
        isPrivate = fields.isPrivate
        layout = contents.layout
        geometry = contents.geometry
        pieceHashes = contents.pieceHashes
        switch fields.version {
        case .v1: identity = TorrentIdentity(v1: hashing.sha1(bytes.span))
        case .v2: identity = TorrentIdentity(v2: hashing.sha256(bytes.span))
        case .hybrid:
            identity = TorrentIdentity(
                v2: hashing.sha256(bytes.span), v1: hashing.sha1(bytes.span))
        }
    }

    /// The SHA-1 of a piece; nil in a v2-only torrent.
    package func pieceHash(_ piece: PieceIndex) -> SHA1Digest? {
        let start = pieceHashes.lowerBound + piece.value * SHA1Digest.byteCount
        guard start + SHA1Digest.byteCount <= pieceHashes.upperBound else { return nil }
        return SHA1Digest(bytes[start..<start + SHA1Digest.byteCount])
    }
}
