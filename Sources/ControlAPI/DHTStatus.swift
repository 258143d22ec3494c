/// What a mount's process says of its node of the DHT.
package struct DHTStatus: Codable, Equatable, Sendable {
    /// IPv4 nodes that it knows.
    package var nodes: Int
    /// IPv6 nodes that it knows.
    package var nodesIPv6: Int
    /// Those of all that have answered lately.
    package var goodNodes: Int
    /// Torrents whose peers others have left with it.
    package var storedTorrents: Int
    /// Those peers.
    package var storedPeers: Int
    /// Lookups under way.
    package var lookups: Int
    /// Whether it answers the questions of others: not before they reach it.
    package var isServing: Bool

    /// A status.
    package init(
        nodes: Int, nodesIPv6: Int, goodNodes: Int, storedTorrents: Int, storedPeers: Int,
        lookups: Int, isServing: Bool
    ) {
        self.nodes = nodes
        self.nodesIPv6 = nodesIPv6
        self.goodNodes = goodNodes
        self.storedTorrents = storedTorrents
        self.storedPeers = storedPeers
        self.lookups = lookups
        self.isServing = isServing
    }

    private enum CodingKeys: String, CodingKey {
        case nodes, lookups
        case nodesIPv6 = "nodes_ipv6"
        case goodNodes = "good_nodes"
        case storedTorrents = "stored_torrents"
        case storedPeers = "stored_peers"
        case isServing = "serving"
    }
}
