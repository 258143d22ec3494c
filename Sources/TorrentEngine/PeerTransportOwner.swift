import Reactor
import TorrentCore

/// Who reads from a transport and writes to it.
protocol PeerTransportOwner: AnyObject {
    /// The transport can be read or written without blocking, or has failed, which both then tell.
    func transportReady(_ ready: EventInterest, now: Timestamp)
}
