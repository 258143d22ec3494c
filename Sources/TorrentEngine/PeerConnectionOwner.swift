import PeerProtocol
import Swarm
import TorrentCore

/// Who a connection reports to: the torrent it serves, or the waiting room of incoming ones.
protocol PeerConnectionOwner: AnyObject {
    /// The peer did something.
    func connection(_ connection: PeerConnection, received action: PeerAction, now: Timestamp)
    /// The connection is gone; it has been closed already.
    func connectionClosed(_ connection: PeerConnection, reason: String, now: Timestamp)
    /// The socket has taken enough for more blocks to be queued.
    func connectionCanSend(_ connection: PeerConnection, now: Timestamp)
}
