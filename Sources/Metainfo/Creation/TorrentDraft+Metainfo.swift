import Bencode
package import TorrentCore

extension TorrentDraft {
    /// The leaves of the Merkle tree above a piece that holds `length` bytes of a file: as many as
    /// a whole piece has, or for a file shorter than that no more than the file needs (BEP 52).
    package func leafCount(fileLength: Int64) -> Int {
        guard fileLength < Int64(pieceLength) else {
            return pieceLength / BlockRequest.standardLength
        }
        let blocks = (Int(fileLength) + BlockRequest.standardLength - 1)
        return MerkleTree.leafCount(blocks: blocks / BlockRequest.standardLength)
    }

    /// The finished torrent. `pieceHashes` has a SHA-1 for each piece (unless v2-only), zeros
    /// standing in for padding; `pieceRoots` the root over each piece's leaves (unless v1-only).
    package func metainfo(
        pieceHashes: [SHA1Digest], pieceRoots: [SHA256Digest], hashing: some Hashing,
        limits: MetainfoLimits = .standard
    ) throws(DraftError) -> TorrentMetainfo {
        let hasV1 = options.version != .v2
        let hasV2 = options.version != .v1
        precondition(pieceHashes.count == (hasV1 ? pieceCount : 0), "a hash for each piece")
        precondition(pieceRoots.count == (hasV2 ? pieceCount : 0), "a root for each piece")
        let trees = hasV2 ? fileTrees(pieceRoots, hashing: hashing) : []
        let bytes = encodedInfo(pieceHashes: pieceHashes, trees: trees)
        do {
            let info = try InfoDictionary(parsing: bytes, hashing: hashing, limits: limits)
            return TorrentMetainfo(
                info: info, announceTiers: options.announceTiers, webSeeds: options.webSeeds,
                comment: options.comment, createdBy: options.createdBy,
                creationDate: options.creationDate,
                pieceLayers: hasV2 ? layers(trees, of: info.layout) : .none)
        } catch {
            throw .invalid(error)
        }
    }

    /// A file's root and its piece layer, which is empty for a file of one piece.
    private struct Tree {
        let root: SHA256Digest
        let layer: [UInt8]
    }

    /// By position in `files`; nil for files without content.
    private func fileTrees(_ pieceRoots: [SHA256Digest], hashing: some Hashing) -> [Tree?] {
        var trees = [Tree?](repeating: nil, count: files.count)
        for entry in entries {
            guard let file = entry.file, entry.length > 0 else { continue }
            let first = Int(entry.offset / Int64(pieceLength))
            let end = Int((entry.offset + entry.length - 1) / Int64(pieceLength)) + 1
            guard end - first > 1 else {
                trees[file] = Tree(root: pieceRoots[first], layer: [])
                continue
            }
            let layer = pieceRoots[first..<end].flatMap(\.bytes)
            let root = MerkleTree.root(
                pieceLayer: layer, leavesPerPiece: pieceLength / BlockRequest.standardLength,
                hashing: hashing)
            trees[file] = Tree(root: root, layer: layer)
        }
        return trees
    }

    private func layers(_ trees: [Tree?], of layout: FileLayout) -> PieceLayers {
        // The layout has padding files between the draft's files, and its own order of the rest is
        // the draft's.
        var layers = [[UInt8]](repeating: [], count: layout.count)
        var position = 0
        for file in layout.files where !layout.attributes(of: file).contains(.padding) {
            layers[file.value] = trees[position]?.layer ?? []
            position += 1
        }
        guard let pieceLayers = PieceLayers(layers, of: layout) else {
            preconditionFailure("layers are as long as their files")
        }
        return pieceLayers
    }

    // MARK: - Encoding

    private func encodedInfo(pieceHashes: [SHA1Digest], trees: [Tree?]) -> [UInt8] {
        let hasV1 = options.version != .v2
        let hasV2 = options.version != .v1
        var writer = BencodeWriter()
        writer.dictionary { writer in
            if hasV1, isSingleFile, let file = files.first { Self.attributes(file, &writer) }
            if hasV2 {
                writer.key("file tree")
                encodeTree(trees, &writer)
            }
            if hasV1, !isSingleFile {
                writer.key("files")
                writer.list { writer in
                    for entry in entries { encode(entry, &writer) }
                }
            }
            if hasV1, isSingleFile, let file = files.first {
                writer.key("length")
                writer.integer(file.length)
            }
            if hasV2 {
                writer.key("meta version")
                writer.integer(2)
            }
            writer.key("name")
            writer.string(name)
            writer.key("piece length")
            writer.integer(pieceLength)
            if hasV1 {
                writer.key("pieces")
                writer.string(pieceHashes.flatMap(\.bytes))
            }
            if options.isPrivate {
                writer.key("private")
                writer.integer(1)
            }
            if let source = options.source {
                writer.key("source")
                writer.string(source)
            }
        }
        return writer.bytes
    }

    private static func attributes(_ file: DraftFile, _ writer: inout BencodeWriter) {
        guard !file.attributes.isEmpty else { return }
        writer.key("attr")
        writer.string(file.attributes.letters)
    }

    private static func components(
        _ key: String, _ components: some Sequence<ArraySlice<UInt8>>,
        _ writer: inout BencodeWriter
    ) {
        writer.key(key)
        writer.list { writer in
            for component in components { writer.string(component) }
        }
    }

    /// An entry of the v1 list.
    private func encode(_ entry: Entry, _ writer: inout BencodeWriter) {
        writer.dictionary { writer in
            guard let index = entry.file else {
                writer.key("attr")
                writer.string(FileAttributes.padding.letters)
                writer.key("length")
                writer.integer(entry.length)
                let path = [Array(".pad".utf8)[...], Array(String(entry.length).utf8)[...]]
                Self.components("path", path, &writer)
                return
            }
            let file = files[index]
            Self.attributes(file, &writer)
            writer.key("length")
            writer.integer(file.length)
            Self.components("path", file.path.split(separator: UInt8(ascii: "/")), &writer)
            if let target = linkPath(of: file) {
                Self.components("symlink path", target, &writer)
            }
        }
    }

    /// The v2 tree: the files come sorted, so each step closes some directories and opens others.
    private func encodeTree(_ trees: [Tree?], _ writer: inout BencodeWriter) {
        writer.beginDictionary()
        var open: [ArraySlice<UInt8>] = []
        for (index, file) in files.enumerated() {
            let path =
                isSingleFile ? [name[...]] : file.path.split(separator: UInt8(ascii: "/"))
            let parents = path.dropLast()
            let shared = zip(open, parents).prefix { $0 == $1 }.count
            for _ in shared..<open.count { writer.endDictionary() }
            open.removeLast(open.count - shared)
            for parent in parents.dropFirst(shared) {
                writer.key(parent)
                writer.beginDictionary()
                open.append(parent)
            }
            writer.key(path.last ?? [])
            writer.dictionary { writer in
                writer.key("")
                writer.dictionary { writer in encode(file, tree: trees[index], &writer) }
            }
        }
        for _ in open { writer.endDictionary() }
        writer.endDictionary()
    }

    private func encode(_ file: DraftFile, tree: Tree?, _ writer: inout BencodeWriter) {
        Self.attributes(file, &writer)
        if let target = linkPath(of: file) {
            Self.components("symlink path", target, &writer)
            return
        }
        writer.key("length")
        writer.integer(file.length)
        if let tree {
            writer.key("pieces root")
            writer.string(tree.root.bytes)
        }
    }

    private func linkPath(of file: DraftFile) -> [ArraySlice<UInt8>]? {
        file.linkTarget.map { links.components(of: $0, at: file.path) }
    }
}
