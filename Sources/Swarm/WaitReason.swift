package import TorrentCore

/// Why a read still waits, in words for a log.
package enum WaitReason: Equatable, Sendable, CustomStringConvertible {
    /// Every piece is there.
    case none
    /// No peer is connected.
    case noPeers
    /// No peer is connected, and the web seeds cannot be asked now: how the last of them failed.
    case webSeedsFailed(WebSeedFailure)
    /// A web seed sends it.
    case webSeed(bytesPerSecond: Int)
    /// No connected peer has this piece.
    case noPeerHas(PieceIndex)
    /// All peers that have the pieces choke us.
    case allChoked
    /// All peers that could send have stopped sending.
    case allStalled
    /// Other pieces take all buffer memory.
    case noBuffer(PieceIndex)
    /// The piece is being hashed.
    case verifying(PieceIndex)
    /// It arrives, but slowly.
    case slow(peers: Int, bytesPerSecond: Int)

    package var description: String {
        switch self {
        case .none: "nothing is missing"
        case .noPeers: "no peers are connected"
        case .webSeedsFailed(let failure): "no peers are connected, and the web seed \(failure)"
        case .webSeed(let rate): "a web seed sends slowly (\(rate) bytes/s)"
        case .noPeerHas(let piece): "no connected peer has piece \(piece)"
        case .allChoked: "all peers that have the data choke us"
        case .allStalled: "all peers that have the data have stopped sending"
        case .noBuffer(let piece): "no buffer memory is free for piece \(piece)"
        case .verifying(let piece): "piece \(piece) is being verified"
        case .slow(let peers, let rate): "\(peers) peers send slowly (\(rate) bytes/s)"
        }
    }
}
