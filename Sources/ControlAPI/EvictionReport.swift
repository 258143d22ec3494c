/// What an eviction that somebody asked for has done; the keys are stable and snake_case.
package struct EvictionReport: Codable, Equatable, Sendable {
    /// Pieces that are not cached any more.
    package var pieces: Int
    /// Bytes that the disk got back.
    package var bytes: Int64
    /// Pieces that are still cached, as they are pinned or in use.
    package var piecesKept: Int

    /// What was done.
    package init(pieces: Int = 0, bytes: Int64 = 0, piecesKept: Int = 0) {
        self.pieces = pieces
        self.bytes = bytes
        self.piecesKept = piecesKept
    }

    /// Adds what was done elsewhere.
    package static func += (sum: inout Self, part: Self) {
        sum.pieces += part.pieces
        sum.bytes += part.bytes
        sum.piecesKept += part.piecesKept
    }

    private enum CodingKeys: String, CodingKey {
        case pieces, bytes
        case piecesKept = "pieces_kept"
    }
}
