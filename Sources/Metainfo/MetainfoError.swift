package import Bencode

/// Why bytes are no torrent that can be used.
package enum MetainfoError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Not bencoded at all.
    case bencode(BencodeError)
    /// Bencoded, and not a dictionary, or one without an info dictionary.
    case notATorrent
    /// A key that is missing or holds the wrong kind of value.
    case badField(String)
    /// A `meta version` that is neither 1 nor 2 (BEP 52).
    case unsupportedVersion(Int64)
    /// A piece length that is not positive, beyond the limit, or (v2) no power of two from 16 KiB.
    case badPieceLength(Int64)
    /// A length that is negative, or lengths whose sum is beyond 63 bits.
    case badLength
    /// The number of piece hashes does not fit the length of the files.
    case pieceCountMismatch(expected: Int64, found: Int64)
    /// A limit of `MetainfoLimits`, named.
    case tooMany(String)
    /// An entry of the v2 file tree that is neither a file nor a directory.
    case badFileTree
    /// The v1 and the v2 half of a hybrid torrent describe different files.
    case inconsistentHybrid(String)
    /// A piece layer that does not lead to its file's pieces root.
    case badPieceLayer

    package var description: String {
        switch self {
        case .bencode(let error): "\(error)"
        case .notATorrent: "this is no torrent: it has no info dictionary"
        case .badField(let name): "the torrent's \"\(name)\" is missing or malformed"
        case .unsupportedVersion(let version): "torrents of version \(version) are not supported"
        case .badPieceLength(let length): "a piece length of \(length) bytes cannot be used"
        case .badLength: "the torrent has files of impossible length"
        case .pieceCountMismatch(let expected, let found):
            "the torrent has \(found) piece hashes where its files need \(expected)"
        case .tooMany(let what): "the torrent is too large: too many \(what)"
        case .badFileTree: "the torrent's file tree is malformed"
        case .inconsistentHybrid(let what):
            "the v1 and v2 halves of the hybrid torrent disagree: \(what)"
        case .badPieceLayer: "the torrent's piece layers do not fit its files"
        }
    }
}
