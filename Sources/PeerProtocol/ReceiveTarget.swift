package import TorrentCore

/// Where the next bytes from the socket belong.
package enum ReceiveTarget: Equatable, Sendable {
    /// To `PeerStateMachine.received(_:now:)`.
    case control
    /// Into the block's own place, past the `received` bytes that are there; the machine is told
    /// of them by `receivedBlockBytes(_:now:)`.
    case block(BlockRequest, received: Int)
}
