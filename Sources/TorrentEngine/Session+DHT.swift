package import DHTProtocol

extension Session {
    /// The figures of the session's node of the DHT; nil where it takes no part.
    package func dhtStatistics() async -> DHTStatistics? { await shard.dhtStatistics() }
}
