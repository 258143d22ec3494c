import PeerProtocol
package import TorrentCore

/// What a test peer sends, in the order in which it leaves.
package enum TestPeerOutput: Equatable, Sendable {
    /// Bytes as they are.
    case bytes([UInt8])
    /// A block's head of `blockHeadLength` bytes and its data.
    case block(BlockRequest)

    /// Length of a block's head.
    package static let blockHeadLength = PeerMessageEncoder.pieceHeadLength
}
