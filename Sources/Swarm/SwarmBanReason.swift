package import TorrentCore

/// How a peer was found to send bad data.
package enum SwarmBanReason: Equatable, Sendable, CustomStringConvertible {
    /// Every block of a piece that failed came from it.
    case soleSource(PieceIndex)
    /// A block of its differs from the one in the verified piece, or from its own earlier copy.
    case badBlock(PieceIndex)
    /// Hashes of its are not those of the torrent (BEP 52).
    case badHashes

    package var description: String {
        switch self {
        case .soleSource(let piece): "sent all of piece \(piece), which failed its hash"
        case .badHashes: "sent hashes that are not the torrent's"
        case .badBlock(let piece): "sent a corrupt block of piece \(piece)"
        }
    }
}
