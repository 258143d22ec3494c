package import TorrentCore

/// What its owner tells a node.
extension DHTStateMachine {
    /// Names endpoints that lead into the DHT, and begins to look for our place there. Routers are
    /// public entrances, which answer but are no ordinary nodes.
    package mutating func bootstrap(_ endpoints: [Endpoint], areRouters: Bool, now: Timestamp) {
        for endpoint in endpoints where !endpoint.address.isUnroutable && endpoint.port != 0 {
            let family = AddressFamily(of: endpoint.address)
            guard var side = sides[family],
                side.bootstrapEndpoints.count < Self.bootstrapLimit
            else { continue }
            let isNew = side.bootstrapEndpoints.updateValue(areRouters, forKey: endpoint) == nil
            // Also where a lookup is under way: strangers who came first may lead it astray.
            if isNew, !side.isBootstrapped { side.bootstrapDue = now }
            sides[family] = side
            for id in lookups.keys where lookups[id]?.family == family && isNew {
                lookups[id]?.start(contacts: [], endpoints: [endpoint])
            }
        }
        settle(now: now)
    }

    /// A node may be there: a peer has said so (BEP 5's PORT message), or a torrent.
    package mutating func addNode(_ endpoint: Endpoint, now: Timestamp) {
        guard endpoint.isAskable, let side = sides[AddressFamily(of: endpoint.address)],
            !side.table.isKnown(endpoint), !silent.rests(endpoint, now: now)
        else { return }
        check(endpoint, id: nil, now: now)
        settle(now: now)
    }

    /// Looks for a torrent's peers now and again and again, until `endSearch`; with `announce` others
    /// are told that we are one. A second call for a torrent only changes how it is announced.
    package mutating func search(
        _ infoHash: SHA1Digest, announce: DHTAnnounce?, now: Timestamp
    ) {
        if var search = searches[infoHash] {
            guard search.announce != announce else { return }
            let mustTell = announce != nil && search.announce?.port != announce?.port
            search.announce = announce
            for family in search.states.keys where mustTell { search.states[family]?.due = now }
            searches[infoHash] = search
        } else {
            var search = DHTSearch(announce: announce)
            for family in families { search.states[family] = DHTSearch.State(due: now) }
            searches[infoHash] = search
        }
        settle(now: now)
    }

    /// Looks no more for a torrent's peers; nothing more is told of it.
    package mutating func endSearch(_ infoHash: SHA1Digest, now: Timestamp) {
        guard let search = searches.removeValue(forKey: infoHash) else { return }
        for state in search.states.values {
            if let lookup = state.lookup { lookups[lookup] = nil }
        }
        settle(now: now)
    }

    /// Somebody waits for a torrent whose peers are not enough: looks for others soon.
    package mutating func hurry(_ infoHash: SHA1Digest, now: Timestamp) {
        guard var search = searches[infoHash] else { return }
        for (family, state) in search.states where state.lookup == nil {
            let earliest = (state.lastStart ?? .zero) + DHTSearch.hurryInterval
            search.states[family]?.due = min(state.due, max(now, earliest))
        }
        searches[infoHash] = search
        settle(now: now)
    }

    /// Looks for the item kept at a place (BEP 44); `salt` is part of what a mutable item's place comes
    /// from. Nil where we take no part in that DHT, or too much is under way.
    package mutating func findItem(
        at target: NodeID, salt: [UInt8] = [], over family: AddressFamily, now: Timestamp
    ) -> DHTLookupID? {
        start(
            .item(salt: salt, put: nil, expected: nil), target: target, over: family, now: now)
    }

    /// Has the closest nodes keep an item (BEP 44), a mutable one only in the place of that numbered
    /// `expected`. Nil where we take no part in that DHT, or too much is under way.
    package mutating func put(
        _ item: DHTItem, expected: Int64? = nil, over family: AddressFamily, now: Timestamp
    ) -> DHTLookupID? {
        var salt: [UInt8] = []
        if case .mutable(let mutable) = item { salt = mutable.salt }
        return start(
            .item(salt: salt, put: item, expected: expected),
            target: item.target(hashing: hashing), over: family, now: now)
    }

    private mutating func start(
        _ task: LookupTask, target: NodeID, over family: AddressFamily, now: Timestamp
    ) -> DHTLookupID? {
        guard sides[family] != nil, lookups.count < Self.lookupLimit * 2 else { return nil }
        let id = startLookup(task, target: target, over: family, now: now)
        settle(now: now)
        return id
    }
}
