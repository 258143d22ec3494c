/// What hashing a torrent's cached pieces again has found; the keys are stable and snake_case.
package struct TorrentVerification: Codable, Equatable, Sendable {
    /// A file that holds damaged pieces.
    package struct DamagedFile: Codable, Equatable, Sendable {
        /// Its path in the torrent.
        package var path: String
        /// The damaged pieces that it holds some of.
        package var pieces: [Int]

        /// A file of known damage.
        package init(path: String, pieces: [Int]) {
            self.path = path
            self.pieces = pieces
        }
    }

    /// The hash that names the torrent.
    package var infohash: String
    /// The torrent's name.
    package var name: String
    /// How many pieces were hashed.
    package var piecesChecked: Int
    /// How many bytes that were.
    package var bytesChecked: Int64
    /// How many of the pieces are damaged.
    package var piecesDamaged: Int
    /// Where they lie; the first of them, where they are very many.
    package var files: [DamagedFile]
    /// Whether the damaged pieces were dropped.
    package var isRepaired: Bool

    /// A result with every key.
    package init(
        infohash: String, name: String, piecesChecked: Int, bytesChecked: Int64,
        piecesDamaged: Int, files: [DamagedFile], isRepaired: Bool
    ) {
        self.infohash = infohash
        self.name = name
        self.piecesChecked = piecesChecked
        self.bytesChecked = bytesChecked
        self.piecesDamaged = piecesDamaged
        self.files = files
        self.isRepaired = isRepaired
    }

    private enum CodingKeys: String, CodingKey {
        case infohash, name, files
        case piecesChecked = "pieces_checked"
        case bytesChecked = "bytes_checked"
        case piecesDamaged = "pieces_damaged"
        case isRepaired = "is_repaired"
    }
}
