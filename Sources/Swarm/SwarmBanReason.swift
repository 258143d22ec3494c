package import TorrentCore

/// How a peer was found to send bad data.
package enum SwarmBanReason: Equatable, Sendable, CustomStringConvertible {
    /// Every block of a piece that failed came from it.
    case soleSource(PieceIndex)
    /// A block of its differs from the one in the verified piece, or from its own earlier copy.
    case badBlock(PieceIndex)

    package var description: String {
        switch self {
        case .soleSource(let piece): "sent all of piece \(piece), which failed its hash"
        case .badBlock(let piece): "sent a corrupt block of piece \(piece)"
        }
    }
}
