import DHTProtocol
import Reactor
import TorrentCore

extension Shard {
    /// The figures of the shard's node of the DHT; nil where it has none.
    func dhtStatistics() -> DHTStatistics? { context.dht?.statistics(now: .now()) }
}
