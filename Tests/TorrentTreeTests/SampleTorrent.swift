import Metainfo
import TorrentCore
import TorrentCrypto
import TorrentTree

/// A v1 torrent for tests, put together from a list of files.
struct SampleTorrent {
    struct File {
        var path: [[UInt8]]
        var length = 1
        var attributes = ""
        var target: [String]?

        init(_ path: String, length: Int = 1, attributes: String = "", target: [String]? = nil) {
            self.path = path.split(separator: "/", omittingEmptySubsequences: false)
                .map { Array($0.utf8) }
            self.length = length
            self.attributes = attributes
            self.target = target
        }

        init(raw path: [[UInt8]]) { self.path = path }
    }

    static let pieceLength = 16384

    static func make(
        _ name: [UInt8], _ files: [File], creationDate: Int64? = 1_700_000_000
    ) throws -> TreeTorrent {
        var list: [UInt8] = []
        for file in files {
            list += Array("d".utf8)
            if !file.attributes.isEmpty { list += string("attr") + string(file.attributes) }
            list += string("length") + Array("i\(file.length)e".utf8)
            list += string("path") + Array("l".utf8) + file.path.flatMap { string($0) }
            list += Array("e".utf8)
            if let target = file.target {
                list += string("symlink path") + Array("l".utf8)
                list += target.flatMap { string($0) } + Array("e".utf8)
            }
            list += Array("e".utf8)
        }
        return try torrent(
            string("files") + Array("l".utf8) + list + Array("e".utf8), name,
            files.reduce(0) { $0 + $1.length }, creationDate)
    }

    static func make(_ name: String, _ files: [File]) throws -> TreeTorrent {
        try make(Array(name.utf8), files)
    }

    static func single(_ name: String, length: Int) throws -> TreeTorrent {
        try torrent(
            string("length") + Array("i\(length)e".utf8), Array(name.utf8), length, 1_700_000_000)
    }

    private static func torrent(
        _ fields: [UInt8], _ name: [UInt8], _ length: Int, _ creationDate: Int64?
    ) throws -> TreeTorrent {
        let pieces = (length + pieceLength - 1) / pieceLength
        let bytes =
            Array("d".utf8) + fields + string("name") + string(name) + string("piece length")
            + Array("i\(pieceLength)e".utf8) + string("pieces")
            + string([UInt8](repeating: 7, count: pieces * 20)) + Array("e".utf8)
        let info = try InfoDictionary(parsing: bytes, hashing: OpenSSLHashing())
        return TreeTorrent(TorrentMetainfo(info: info, creationDate: creationDate))
    }

    private static func string(_ bytes: [UInt8]) -> [UInt8] {
        Array("\(bytes.count):".utf8) + bytes
    }
    private static func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }
}

extension DirectoryTree {
    /// The node at a path of names in the mount.
    func node(_ path: String) -> NodeID? {
        var node = NodeID.root
        for component in path.split(separator: "/") {
            let name = Array(component.utf8)
            guard let child = lookup(name.span, in: node) else { return nil }
            node = child
        }
        return node
    }

    /// The names in a directory, in order.
    func names(in path: String) -> [String] {
        guard let directory = node(path) else { return [] }
        return (0..<childCount(of: directory)).map {
            String(decoding: name(of: child($0, of: directory)), as: UTF8.self)
        }
    }
}
