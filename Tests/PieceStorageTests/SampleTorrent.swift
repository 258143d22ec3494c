import Metainfo
import TorrentCore
import TorrentCrypto

/// A torrent and all its bytes, made from a seed.
struct SampleTorrent: Sendable {
    struct File: Sendable {
        var path: [String]
        var bytes: [UInt8]
        var isPadding = false
    }

    let metainfo: TorrentMetainfo
    let files: [File]

    var layout: FileLayout { metainfo.info.layout }
    var geometry: PieceGeometry { metainfo.info.geometry }

    /// Files with pseudo-random contents.
    static func files(_ lengths: [Int], seed: UInt64 = 1) -> [File] {
        var random = SeededRandom(seed: seed)
        return lengths.enumerated().map { index, length in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(length + 8)
            while bytes.count < length {
                var word = random.next()
                for _ in 0..<8 {
                    bytes.append(UInt8(truncatingIfNeeded: word))
                    word >>= 8
                }
            }
            return File(
                path: ["d\(index / 100)", "f\(index)"], bytes: Array(bytes.prefix(length)))
        }
    }

    /// A v1 torrent of these files.
    static func v1(_ files: [File], pieceLength: Int, name: String = "sample") throws -> Self {
        let info = v1Info(files, pieceLength: pieceLength, name: name)
        return try parse(.dictionary(["info": .dictionary(info)]), files)
    }

    /// A v1 torrent of one file.
    static func single(_ length: Int, pieceLength: Int, name: String = "one.bin") throws -> Self {
        let files = files([length])
        var info = v1Info(files, pieceLength: pieceLength, name: name)
        info["files"] = nil
        info["length"] = .integer(length)
        return try parse(.dictionary(["info": .dictionary(info)]), files)
    }

    /// A v2-only torrent; padding files are not allowed.
    static func v2(_ files: [File], pieceLength: Int, layers: Bool = true) throws -> Self {
        let (tree, pieceLayers) = v2Tree(files, pieceLength: pieceLength)
        let info: [String: Bencoded] = [
            "name": .text("sample"), "piece length": .integer(pieceLength),
            "meta version": .integer(2), "file tree": tree,
        ]
        return try parse(
            .dictionary([
                "info": .dictionary(info),
                "piece layers": layers ? pieceLayers : .dictionary([:]),
            ]), files)
    }

    /// A hybrid, with a padding file after each file but the last.
    static func hybrid(_ files: [File], pieceLength: Int) throws -> Self {
        var padded: [File] = []
        for (index, file) in files.enumerated() {
            padded.append(file)
            let rest = file.bytes.count % pieceLength
            guard rest != 0, index < files.count - 1 else { continue }
            let zeros = [UInt8](repeating: 0, count: pieceLength - rest)
            padded.append(File(path: [".pad", "\(zeros.count)"], bytes: zeros, isPadding: true))
        }
        let (tree, pieceLayers) = v2Tree(files, pieceLength: pieceLength)
        var info = v1Info(padded, pieceLength: pieceLength, name: "sample")
        info["meta version"] = .integer(2)
        info["file tree"] = tree
        return try parse(
            .dictionary(["info": .dictionary(info), "piece layers": pieceLayers]), padded)
    }

    /// The bytes of a piece, padding included.
    func bytes(of piece: PieceIndex) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: geometry.length(of: piece))
        for slice in layout.slices(of: piece) {
            let offset = Int(slice.fileOffset)
            bytes.replaceSubrange(
                slice.pieceOffset..<slice.pieceOffset + slice.length,
                with: files[slice.file.value].bytes[offset..<offset + slice.length])
        }
        return bytes
    }

    private static func parse(_ root: Bencoded, _ files: [File]) throws -> Self {
        let metainfo = try TorrentMetainfo(parsing: root.encoded, hashing: OpenSSLHashing())
        return Self(metainfo: metainfo, files: files)
    }

    private static func v1Info(
        _ files: [File], pieceLength: Int, name: String
    ) -> [String: Bencoded] {
        let payload = files.flatMap(\.bytes)
        var hashes: [UInt8] = []
        for start in stride(from: 0, to: payload.count, by: pieceLength) {
            let piece = Array(payload[start..<min(start + pieceLength, payload.count)])
            hashes += OpenSSLHashing().sha1(piece.span).bytes
        }
        let list = files.map { file -> Bencoded in
            var entry: [String: Bencoded] = [
                "length": .integer(file.bytes.count),
                "path": .list(file.path.map(Bencoded.text)),
            ]
            if file.isPadding { entry["attr"] = .text("p") }
            return .dictionary(entry)
        }
        return [
            "name": .text(name), "piece length": .integer(pieceLength), "pieces": .bytes(hashes),
            "files": .list(list),
        ]
    }

    private static func v2Tree(_ files: [File], pieceLength: Int) -> (Bencoded, Bencoded) {
        var tree: [String: [String: Bencoded]] = [:]
        var layers: [[UInt8]: Bencoded] = [:]
        for file in files {
            var entry: [String: Bencoded] = ["length": .integer(file.bytes.count)]
            if !file.bytes.isEmpty {
                let (root, layer) = merkle(file.bytes, pieceLength: pieceLength)
                entry["pieces root"] = .bytes(root)
                if file.bytes.count > pieceLength { layers[root] = .bytes(layer) }
            }
            tree[file.path[0], default: [:]][file.path[1]] = .dictionary(["": .dictionary(entry)])
        }
        return (.dictionary(tree.mapValues { .dictionary($0) }), .byteDictionary(layers))
    }

    /// By the book (BEP 52), slowly: the oracle for the verifier.
    private static func merkle(
        _ bytes: [UInt8], pieceLength: Int
    ) -> (root: [UInt8], layer: [UInt8]) {
        let hashing = OpenSSLHashing()
        var nodes = stride(from: 0, to: bytes.count, by: 16_384).map { start in
            hashing.sha256(Array(bytes[start..<min(start + 16_384, bytes.count)]).span).bytes
        }
        let pieceCount = (bytes.count + pieceLength - 1) / pieceLength
        var width = 1
        while width < nodes.count { width *= 2 }
        while nodes.count < width { nodes.append([UInt8](repeating: 0, count: 32)) }
        var layer: [UInt8] = []
        var span = 16_384
        while true {
            if span == pieceLength { layer = nodes.prefix(pieceCount).flatMap { $0 } }
            if nodes.count == 1 { return (nodes[0], layer) }
            nodes = stride(from: 0, to: nodes.count, by: 2).map {
                hashing.sha256((nodes[$0] + nodes[$0 + 1]).span).bytes
            }
            span *= 2
        }
    }
}
