import Swarm
import TorrentCore

/// What happens at a point in simulated time.
enum SimulationEvent {
    /// Bytes reach one side of a link.
    case deliver(link: Int, side: Int, bytes: [UInt8])
    /// One side learns that a link is gone.
    case closed(link: Int, side: Int)
    /// A node's timers may be due.
    case timer(node: Int)
    /// A node's uplink is free for the next block.
    case upload(node: Int)
    /// A lane of a node's web seed is sent a block, or the head of an answer.
    case served(node: Int, lane: PeerKey, attempt: Int, isFirst: Bool)
    /// A node has hashed a piece.
    case hashed(node: Int, piece: PieceIndex, bytes: [UInt8], wantsDigests: Bool)
    /// A node may dial.
    case dial(node: Int)
    /// A node comes up or goes down.
    case churn(node: Int, isUp: Bool)
    /// A reader of a node makes its next read.
    case read(node: Int, reader: Int)
    /// A choke-flapping node changes its mind.
    case flap(node: Int, isChoking: Bool)
}
