import Bencode
import TorrentCore

/// The plain fields of an info dictionary.
struct InfoFields {
    let version: TorrentVersion
    /// Where the name stands in the document.
    let name: Range<Int>
    let pieceLength: Int
    let isPrivate: Bool

    init(
        _ document: BencodeDocument, _ info: BencodeNode, limits: MetainfoLimits
    ) throws(MetainfoError) {
        version = try Self.version(document, info)
        // `name.utf-8` is more likely to be what it says; `name` may be in any encoding.
        let names = [document.value(info, "name.utf-8"), document.value(info, "name")]
        guard let name = names.lazy.compactMap({ $0.flatMap(document.stringRange) }).first else {
            throw .badField("name")
        }
        guard name.count <= limits.nameBytes else { throw .tooMany("bytes in a name") }
        self.name = name
        guard let length = document.value(info, "piece length").flatMap(document.integer) else {
            throw .badField("piece length")
        }
        guard length > 0, length <= limits.pieceLength else { throw .badPieceLength(length) }
        if version != .v1 {
            guard length >= BlockRequest.standardLength, length & (length - 1) == 0 else {
                throw .badPieceLength(length)
            }
        }
        pieceLength = Int(length)
        isPrivate = document.value(info, "private").flatMap(document.integer) ?? 0 != 0
    }

    private static func version(
        _ document: BencodeDocument, _ info: BencodeNode
    ) throws(MetainfoError) -> TorrentVersion {
        let version = document.value(info, "meta version").flatMap(document.integer) ?? 1
        guard version <= 2 else { throw .unsupportedVersion(version) }
        guard version == 2 else { return .v1 }
        let hasV1 = ["pieces", "files", "length"].contains { document.value(info, $0) != nil }
        return hasV1 ? .hybrid : .v2
    }
}
