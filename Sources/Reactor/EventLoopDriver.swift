package import TorrentCore

/// The actor whose executor is an `EventLoop`: the loop enters it once a turn.
package protocol EventLoopDriver: Actor {
    /// Handles what one `epoll_wait` brought, and everything due; runs on the loop's thread.
    /// Returns when to be called again at the latest, nil for "at the next event".
    func turn(_ events: [ReadyEvent], now: Timestamp) -> Timestamp?
}
