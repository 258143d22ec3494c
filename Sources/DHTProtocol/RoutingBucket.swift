import TorrentCore

/// The nodes of one part of the space, and those that would take their places (BEP 5).
struct RoutingBucket {
    /// Nodes a bucket holds: the "k" of BEP 5.
    static let capacity = 8
    /// Nodes of one small network in a bucket: with more, somebody who has only that network could
    /// fill it.
    static let nodesPerSubnet = 2
    /// A bucket in which nothing has changed for so long is refreshed (BEP 5).
    static let freshTime = Interval.seconds(15 * 60)

    var nodes: [RoutingNode] = []
    /// In the order in which they answered, the last the latest.
    var replacements: [RoutingNode] = []
    var lastChanged: Timestamp

    init(now: Timestamp) { lastChanged = now }

    var isFull: Bool { nodes.count >= Self.capacity }

    /// Whether its network has room, where `index` (nil: nobody) leaves.
    func hasSubnetRoom(for address: IPAddress, replacing index: Int? = nil) -> Bool {
        guard let subnet = SubnetKey(address) else { return true }
        var count = 0
        for position in nodes.indices
        where position != index && SubnetKey(nodes[position].contact.endpoint.address) == subnet {
            count += 1
        }
        return count < Self.nodesPerSubnet
    }

    /// Whom a node that has just answered may put out: a bad one, or one whose ID is not its
    /// address's where that of the new one is.
    func replaceable(by node: RoutingNode) -> Int? {
        if let bad = nodes.firstIndex(where: \.isBad) { return bad }
        guard node.isVerified else { return nil }
        return nodes.firstIndex { !$0.isVerified }
    }

    mutating func keepAsReplacement(_ node: RoutingNode) {
        replacements.removeAll { $0.contact.endpoint == node.contact.endpoint }
        replacements.append(node)
        if replacements.count > Self.capacity { replacements.removeFirst() }
    }
}
