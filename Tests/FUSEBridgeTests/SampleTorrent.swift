import Metainfo
import TorrentCore
import TorrentCrypto
import TorrentTree

/// A v1 torrent for tests, put together from a list of files.
struct SampleTorrent {
    var name = "t"
    var pieceLength = 256 << 10
    var selection: FileSelection?
    var files: [(path: String, length: Int, attributes: String, target: [String])] = []

    mutating func add(
        _ path: String, _ length: Int, attributes: String = "", target: [String] = []
    ) {
        files.append((path, length, attributes, target))
    }

    func make() throws -> TreeTorrent {
        var text = "d5:filesl"
        var length = 0
        for file in files {
            text += "d"
            if !file.attributes.isEmpty {
                text += Self.string("attr") + Self.string(file.attributes)
            }
            text += "6:lengthi\(file.length)e4:pathl"
            for component in file.path.split(separator: "/") { text += Self.string(component) }
            text += "e"
            if !file.target.isEmpty {
                text += "12:symlink pathl" + file.target.map { Self.string($0) }.joined() + "e"
            }
            text += "e"
            length += file.length
        }
        let pieces = (length + pieceLength - 1) / pieceLength
        text += "e4:name" + Self.string(name) + "12:piece lengthi\(pieceLength)e6:pieces"
        text += Self.string(String(repeating: "h", count: pieces * 20)) + "e"
        let info = try InfoDictionary(parsing: Array(text.utf8), hashing: OpenSSLHashing())
        return TreeTorrent(
            TorrentMetainfo(info: info, creationDate: 1_600_000_000), selection: selection)
    }

    private static func string(_ text: some StringProtocol) -> String {
        "\(text.utf8.count):\(text)"
    }
}
