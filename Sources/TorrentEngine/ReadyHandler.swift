import Reactor
import TorrentCore

/// Something with a descriptor in the shard's event loop.
protocol ReadyHandler: AnyObject {
    /// The descriptor can be read or written, or has failed.
    func ready(_ event: ReadyEvent, now: Timestamp)
}
