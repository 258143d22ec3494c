import Swarm
import TorrentCore

/// What happens at a point in the time of a `ReadingSimulation`.
enum ReadingEvent {
    /// A peer gets a request.
    case requested(link: Int, BlockRequest)
    /// A peer gets a cancel.
    case cancelled(link: Int, BlockRequest)
    /// The first byte of a block is here.
    case began(link: Int, BlockRequest)
    /// A block has left the peer.
    case left(link: Int, BlockRequest)
    /// A block is here.
    case arrived(link: Int, BlockRequest)
    /// A reject is here.
    case rejected(link: Int, BlockRequest)
    /// A peer chokes, or unchokes.
    case choking(link: Int, Bool)
    /// We learn so.
    case choked(link: Int, Bool)
    /// The connection to a peer is gone.
    case gone(link: Int)
    /// A web seed's run begins, or its next block is here.
    case served(lane: PeerKey, attempt: Int)
    /// The machine's timers may be due.
    case timer
    /// A piece has been hashed.
    case hashed(PieceIndex)
    /// A reader may read.
    case read(reader: Int)
    /// A read is answered.
    case answered(reader: Int, bytes: Range<Int64>, start: Timestamp)
}
