package import TorrentCore

/// How a simulated node treats its peers.
package enum NodeBehaviour: Equatable, Sendable {
    /// As the protocol wants it.
    case honest
    /// Flips a byte in this share of the blocks that it sends.
    case corrupting(share: Double)
    /// Sends nothing after so many blocks, and stays connected.
    case stalling(afterBlocks: Int)
    /// Chokes everybody for a tenth of each period.
    case flapping(period: Interval)
    /// Claims every piece, and rejects (or ignores) every request.
    case lying(rejects: Bool)
    /// Closes each connection after it has sent so many bytes on it.
    case closing(afterBytes: Int)
}
