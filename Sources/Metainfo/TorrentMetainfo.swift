import Bencode
package import TorrentCore

/// A whole torrent: the info dictionary, and what a .torrent file adds to it.
package struct TorrentMetainfo: Sendable {
    /// What the infohash covers.
    package let info: InfoDictionary
    /// Trackers in tiers (BEP 12), or the single `announce` as the only tier.
    package let announceTiers: [[String]]
    /// HTTP servers that hold the files (BEP 19).
    package let webSeeds: [String]
    /// A remark for people.
    package let comment: String?
    /// The program that made the torrent.
    package let createdBy: String?
    /// When the torrent was made, in seconds since 1970; any number may stand there.
    package let creationDate: Int64?
    /// The v2 piece layers that are known.
    package let pieceLayers: PieceLayers
    /// Nodes of the DHT, `host:port` (BEP 5).
    package let dhtNodes: [String]

    /// A torrent put together: from peers and a magnet link, or just created.
    package init(
        info: InfoDictionary, announceTiers: [[String]] = [], webSeeds: [String] = [],
        comment: String? = nil, createdBy: String? = nil, creationDate: Int64? = nil,
        pieceLayers: PieceLayers = .none, dhtNodes: [String] = []
    ) {
        self.info = info
        self.announceTiers = announceTiers
        self.webSeeds = webSeeds
        self.comment = comment
        self.createdBy = createdBy
        self.creationDate = creationDate
        self.pieceLayers = pieceLayers
        self.dhtNodes = dhtNodes
    }

    /// Decodes a .torrent file. Needs, for the time being, up to four times its size in memory.
    package init(
        parsing bytes: [UInt8], hashing: some Hashing, limits: MetainfoLimits = .standard
    ) throws(MetainfoError) {
        let document = try BencodeDocument(metainfo: bytes, limits: limits)
        let root = document.root
        guard let node = document.value(root, "info") else { throw .notATorrent }
        let info = try InfoDictionary(document, node, hashing: hashing, limits: limits)
        var layers = PieceLayers.none
        if info.version != .v1, let node = document.value(root, "piece layers") {
            layers = try PieceLayers(document, node, layout: info.layout, hashing: hashing)
        }
        self.init(
            info: info, announceTiers: Self.tiers(document, limits: limits),
            webSeeds: Array(
                Self.texts(document, document.value(root, "url-list")).prefix(limits.addresses)),
            comment: document.value(root, "comment").flatMap(document.text),
            createdBy: document.value(root, "created by").flatMap(document.text),
            creationDate: document.value(root, "creation date").flatMap(document.integer),
            pieceLayers: layers, dhtNodes: Self.dhtNodes(document, limits: limits))
    }

    /// What a complete piece must hash to.
    package func verification(of piece: PieceIndex) -> PieceVerification {
        if let hash = info.pieceHash(piece) { return .sha1(hash) }
        let layout = info.layout
        guard let file = layout.file(at: Int64(piece.value) * layout.pieceLength),
            let root = layout.piecesRoot(of: file)
        else { return .unavailable }
        let length = layout.length(of: file)
        guard length > layout.pieceLength else {
            // The whole file is one piece, and its tree is no wider than its blocks need.
            let blocks = (Int(length) + BlockRequest.standardLength - 1)
            return .merkle(
                root: root,
                leafCount: MerkleTree.leafCount(blocks: blocks / BlockRequest.standardLength))
        }
        let first = layout.pieces(of: file).lowerBound
        guard let node = pieceLayers.node(file: file, piece: piece.value - first.value) else {
            return .unavailable
        }
        return .merkle(
            root: node, leafCount: Int(layout.pieceLength) / BlockRequest.standardLength)
    }

    /// `[["host", port], ...]`; what is anything else is left out.
    private static func dhtNodes(
        _ document: BencodeDocument, limits: MetainfoLimits
    ) -> [String] {
        guard let list = document.value(document.root, "nodes") else { return [] }
        return document.elements(list).prefix(limits.addresses).compactMap { node in
            let parts = document.elements(node)
            guard parts.count == 2, let host = document.text(parts[0]), !host.isEmpty,
                let port = document.integer(parts[1]).flatMap({ UInt16(exactly: $0) })
            else { return nil }
            return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }

    private static func tiers(_ document: BencodeDocument, limits: MetainfoLimits) -> [[String]] {
        var tiers: [[String]] = []
        var count = 0
        if let list = document.value(document.root, "announce-list") {
            for tier in document.elements(list) {
                let trackers = texts(document, tier).prefix(limits.addresses - count)
                count += trackers.count
                if !trackers.isEmpty { tiers.append(Array(trackers)) }
            }
        }
        if tiers.isEmpty, let single = document.value(document.root, "announce") {
            tiers = [texts(document, single)].filter { !$0.isEmpty }
        }
        return tiers
    }

    /// The texts of a list, or the one text that stands in its place; empty ones left out.
    private static func texts(_ document: BencodeDocument, _ node: BencodeNode?) -> [String] {
        guard let node else { return [] }
        let texts =
            document.kind(of: node) == .list
            ? document.elements(node).compactMap(document.text)
            : [document.text(node)].compactMap(\.self)
        return texts.filter { !$0.isEmpty }
    }
}
