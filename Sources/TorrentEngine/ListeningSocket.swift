import Reactor
import TorrentCore

/// A listener in the shard's event loop.
final class ListeningSocket: ReadyHandler {
    let listener: Listener
    var token: UInt64 = 0
    private let accept: (ListeningSocket, Timestamp) -> Void

    init(_ listener: Listener, accept: @escaping (ListeningSocket, Timestamp) -> Void) {
        self.listener = listener
        self.accept = accept
    }

    func ready(_ event: ReadyEvent, now: Timestamp) { accept(self, now) }
}
