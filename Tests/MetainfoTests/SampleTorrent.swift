import Bencode
import Metainfo
import TorrentCore
import TorrentCrypto

/// Torrents of files in memory.
enum SampleTorrent {
    /// Bytes that differ from file to file and from block to block.
    static func content(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count { bytes.appendBigEndian(random.next()) }
        return Array(bytes[..<count])
    }

    /// A folder of files, hashed.
    static func folder(
        _ files: [(path: String, bytes: [UInt8])], version: TorrentVersion,
        pieceLength: Int = 32768, name: String = "folder"
    ) throws -> TorrentMetainfo {
        var options = TorrentOptions()
        options.version = version
        options.pieceLength = pieceLength
        return try make(
            name: name, isSingleFile: false, files.map { (Array($0.path.utf8), $0.bytes) }, options)
    }

    /// One file, hashed.
    static func file(
        _ bytes: [UInt8], version: TorrentVersion, pieceLength: Int = 32768
    ) throws -> TorrentMetainfo {
        var options = TorrentOptions()
        options.version = version
        options.pieceLength = pieceLength
        return try make(name: "single", isSingleFile: true, [([], bytes)], options)
    }

    static func make(
        name: String, isSingleFile: Bool, _ files: [(path: [UInt8], bytes: [UInt8])],
        _ options: TorrentOptions
    ) throws -> TorrentMetainfo {
        let hashing = OpenSSLHashing()
        let draft = try TorrentDraft(
            name: Array(name.utf8), isSingleFile: isSingleFile,
            files: files.map {
                DraftFile(path: $0.path, length: Int64($0.bytes.count), isExecutable: false)
            },
            options: options)
        var hashes: [SHA1Digest] = []
        var roots: [SHA256Digest] = []
        for piece in 0..<draft.pieceCount {
            var bytes = [UInt8](repeating: 0, count: draft.length(of: piece))
            for part in draft.parts(of: piece) {
                let path = draft.files[part.file].path
                let content = files.first { $0.path == path }?.bytes ?? []
                let start = Int(part.fileOffset)
                bytes.replaceSubrange(
                    part.pieceOffset..<part.pieceOffset + part.length,
                    with: content[start..<start + part.length])
            }
            if options.version != .v2 { hashes.append(hashing.sha1(bytes.span)) }
            if options.version != .v1, let part = draft.parts(of: piece).first {
                let leaves = MerkleTree.leaves(
                    of: bytes.span.extracting(0..<part.length), hashing: hashing)
                let length = draft.files[part.file].length
                roots.append(
                    MerkleTree.root(
                        leaves: leaves, leafCount: draft.leafCount(fileLength: length),
                        hashing: hashing))
            }
        }
        return try draft.metainfo(pieceHashes: hashes, pieceRoots: roots, hashing: hashing)
    }

    /// A .torrent file around an info dictionary.
    static func torrent(info: [UInt8]) -> [UInt8] {
        Array("d4:info".utf8) + info + Array("e".utf8)
    }

    /// A v1 info dictionary of one piece, its file list written by hand.
    static func info(files: String, pieces: Int = 1, pieceLength: Int = 16384) -> [UInt8] {
        var info = Array("d5:filesl\(files)e4:name1:n12:piece lengthi\(pieceLength)e6:pieces".utf8)
        info += Array("\(pieces * 20):".utf8) + Array(repeating: 7, count: pieces * 20)
        return info + Array("e".utf8)
    }
}
