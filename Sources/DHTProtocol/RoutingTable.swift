import TorrentCore

/// The nodes that one of us knows in one DHT: many near its own place, few far away (BEP 5).
///
/// Bucket `i` holds nodes that share exactly `i` bits with our ID, the last one all that share more;
/// only the last one is split. Only nodes that have answered get in, one for each address.
struct RoutingTable {
    let ownID: NodeID
    private(set) var buckets: [RoutingBucket]
    /// The nodes by address, replacements left out.
    private var places: [AddressKey: NodeID] = [:]

    init(ownID: NodeID, now: Timestamp) {
        self.ownID = ownID
        buckets = [RoutingBucket(now: now)]
    }

    var count: Int { places.count }

    var nodes: [RoutingNode] { buckets.flatMap(\.nodes) }

    func goodCount(now: Timestamp) -> Int {
        buckets.reduce(0) { $0 + $1.nodes.count { $0.isGood(now) } }
    }

    private func index(of id: NodeID) -> Int {
        min(ownID.sharedPrefix(with: id), buckets.count - 1)
    }

    private func position(of contact: NodeContact) -> (bucket: Int, node: Int)? {
        let bucket = index(of: contact.id)
        guard let node = buckets[bucket].nodes.firstIndex(where: { $0.contact == contact }) else {
            return nil
        }
        return (bucket, node)
    }

    // MARK: - What becomes known

    /// A node has answered. Returns the one that is to be asked whether it still lives, since the
    /// new one waits for its place.
    mutating func answered(_ contact: NodeContact, now: Timestamp) -> NodeContact? {
        guard contact.id != ownID else { return nil }
        if let (bucket, node) = position(of: contact) {
            buckets[bucket].nodes[node].lastSeen = now
            buckets[bucket].nodes[node].failures = 0
            buckets[bucket].lastChanged = now
            return nil
        }
        guard takeOver(contact) else { return nil }
        return insert(RoutingNode(contact, now: now), now: now)
    }

    /// A node has asked us something. False where it is not in the table.
    mutating func asked(_ contact: NodeContact, now: Timestamp) -> Bool {
        guard let (bucket, node) = position(of: contact) else { return false }
        if buckets[bucket].nodes[node].failures == 0 { buckets[bucket].nodes[node].lastSeen = now }
        return true
    }

    /// A node has not answered in time. It keeps its place while nobody waits for it: where it is our
    /// own network that is down, the table is still there when it comes back.
    mutating func timedOut(_ contact: NodeContact, now: Timestamp) {
        guard let (bucket, node) = position(of: contact) else { return }
        buckets[bucket].nodes[node].failures += 1
        guard buckets[bucket].nodes[node].isBad else { return }
        while let next = buckets[bucket].replacements.popLast() {
            let address = next.contact.endpoint.address
            guard places[AddressKey(next.contact.endpoint)] == nil,
                buckets[bucket].hasSubnetRoom(for: address, replacing: node)
            else { continue }
            replace(bucket, node, with: next, now: now)
            return
        }
    }

    /// Whether a node that has not answered yet is worth asking: its address is not there, and its
    /// bucket has, or may get, a place.
    func mayTake(_ contact: NodeContact, now: Timestamp) -> Bool {
        guard contact.id != ownID, places[AddressKey(contact.endpoint)] == nil else { return false }
        let index = index(of: contact.id)
        let bucket = buckets[index]
        return !bucket.isFull || index == buckets.count - 1
            || bucket.nodes.contains { !$0.isGood(now) }
    }

    /// Whether a node at this endpoint has a place.
    func isKnown(_ endpoint: Endpoint) -> Bool { places[AddressKey(endpoint)] != nil }

    // MARK: - Places

    /// Makes the address free for a node that answers from it under an ID that it did not have: it
    /// has a new one, or its place is taken. False where the address stays somebody else's.
    private mutating func takeOver(_ contact: NodeContact) -> Bool {
        let key = AddressKey(contact.endpoint)
        guard let id = places[key] else { return !isIDTaken(contact.id) }
        let bucket = index(of: id)
        guard let node = buckets[bucket].nodes.firstIndex(where: { $0.contact.id == id }) else {
            return false
        }
        let old = buckets[bucket].nodes[node]
        guard old.contact.endpoint == contact.endpoint || old.isBad else { return false }
        buckets[bucket].nodes.remove(at: node)
        places[key] = nil
        return !isIDTaken(contact.id)
    }

    /// Whether a node that still answers has this ID: it keeps it.
    private func isIDTaken(_ id: NodeID) -> Bool {
        buckets[index(of: id)].nodes.contains { $0.contact.id == id && !$0.isBad }
    }

    private mutating func insert(_ node: RoutingNode, now: Timestamp) -> NodeContact? {
        let address = node.contact.endpoint.address
        while true {
            let index = index(of: node.contact.id)
            // One that is bad under the same ID, or another that has to make room.
            if let same = buckets[index].nodes.firstIndex(where: {
                $0.contact.id == node.contact.id
            }) {
                replace(index, same, with: node, now: now)
                return nil
            }
            if !buckets[index].isFull {
                guard buckets[index].hasSubnetRoom(for: address) else { return nil }
                buckets[index].nodes.append(node)
                buckets[index].lastChanged = now
                places[AddressKey(node.contact.endpoint)] = node.contact.id
                return nil
            }
            if index == buckets.count - 1, buckets.count < NodeID.bitCount {
                split(now: now)
                continue
            }
            if let victim = buckets[index].replaceable(by: node),
                buckets[index].hasSubnetRoom(for: address, replacing: victim)
            {
                let old = buckets[index].nodes[victim]
                replace(index, victim, with: node, now: now)
                if !old.isBad { buckets[index].keepAsReplacement(old) }
                return nil
            }
            buckets[index].keepAsReplacement(node)
            return buckets[index].nodes.filter { !$0.isGood(now) }
                .min { $0.lastSeen < $1.lastSeen }?.contact
        }
    }

    private mutating func replace(
        _ bucket: Int, _ node: Int, with next: RoutingNode, now: Timestamp
    ) {
        places[AddressKey(buckets[bucket].nodes[node].contact.endpoint)] = nil
        places[AddressKey(next.contact.endpoint)] = next.contact.id
        buckets[bucket].nodes[node] = next
        buckets[bucket].lastChanged = now
    }

    private mutating func split(now: Timestamp) {
        let depth = buckets.count - 1
        let full = buckets.removeLast()
        var (near, far) = (RoutingBucket(now: now), RoutingBucket(now: full.lastChanged))
        for node in full.nodes {
            if ownID.sharedPrefix(with: node.contact.id) > depth {
                near.nodes.append(node)
            } else {
                far.nodes.append(node)
            }
        }
        for node in full.replacements {
            if ownID.sharedPrefix(with: node.contact.id) > depth {
                near.replacements.append(node)
            } else {
                far.replacements.append(node)
            }
        }
        buckets += [far, near]
    }

    // MARK: - What is asked of it

    /// The closest nodes to a place that are not bad, the closest first.
    func closest(to target: NodeID, count: Int) -> [NodeContact] {
        let home = index(of: target)
        var found: [NodeContact] = []
        // Nodes of our buckets beyond the target's all differ from it in the same first bit, those of
        // the ones before it in ever earlier ones.
        append(buckets[home].nodes, to: &found, closestTo: target)
        if found.count < count, home + 1 < buckets.count {
            append(buckets[(home + 1)...].flatMap(\.nodes), to: &found, closestTo: target)
        }
        var index = home - 1
        while found.count < count, index >= 0 {
            append(buckets[index].nodes, to: &found, closestTo: target)
            index -= 1
        }
        return Array(found.prefix(count))
    }

    private func append(
        _ nodes: [RoutingNode], to found: inout [NodeContact], closestTo target: NodeID
    ) {
        let contacts = nodes.filter { !$0.isBad }.map(\.contact)
        found += contacts.sorted { $0.id ^ target < $1.id ^ target }
    }

    /// A place in a bucket that has not changed for long, to be looked up; nil where all are fresh.
    /// The bucket counts as fresh from then on.
    mutating func staleTarget(
        now: Timestamp, random: inout some RandomNumberGenerator
    ) -> NodeID? {
        let stale = buckets.indices.first {
            now - buckets[$0].lastChanged >= RoutingBucket.freshTime
        }
        guard let stale else { return nil }
        buckets[stale].lastChanged = now
        return ownID.neighbour(sharing: stale, random: &random)
    }

    /// The same nodes under another ID of ours.
    func rebuilt(for ownID: NodeID, now: Timestamp) -> RoutingTable {
        var table = RoutingTable(ownID: ownID, now: now)
        for node in nodes where node.contact.id != ownID { _ = table.insert(node, now: now) }
        return table
    }
}
