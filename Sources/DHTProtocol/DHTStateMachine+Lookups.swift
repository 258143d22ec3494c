import TorrentCore

/// Lookups: asking, and what the answers bring.
extension DHTStateMachine {
    /// Nodes of our table that a lookup begins with.
    private static let startWidth = 16
    /// Peers taken from one answer, and of one lookup: a datagram holds about a hundred.
    private static let peersPerAnswer = 128
    private static let peersPerLookup = 2000

    /// Begins a lookup; `settle` asks its first questions.
    mutating func startLookup(
        _ task: LookupTask, target: NodeID, over family: AddressFamily, now: Timestamp
    ) -> DHTLookupID {
        lastLookup += 1
        let id = DHTLookupID(rawValue: lastLookup)
        var lookup = Lookup(id: id, family: family, target: target, task: task)
        if let side = sides[family] {
            var contacts = side.table.closest(to: target, count: Self.startWidth)
            var endpoints: [Endpoint] = []
            if contacts.count < Lookup.width {
                // The last run's nodes may all be gone; those that are not know the way.
                contacts += side.savedContacts
                endpoints = side.bootstrapEndpoints.keys
                    .sorted { $0.compactBytes.lexicographicallyPrecedes($1.compactBytes) }
                    .shuffled(using: &random)
            }
            lookup.start(contacts: contacts, endpoints: endpoints)
        }
        lookups[id] = lookup
        return id
    }

    /// Asks whom a lookup wants asked, and ends it where that is nobody any more.
    mutating func advance(_ id: DHTLookupID, now: Timestamp) {
        while true {
            guard questions.count < Self.questionLimit, questionBudget.take(now: now) else {
                isStarved = true
                return
            }
            // By value: the check below needs the rest of the machine.
            guard var lookup = lookups[id] else { return }
            lookups[id] = nil
            let entrances = sides[lookup.family]?.bootstrapEndpoints ?? [:]
            let candidate = lookup.next { endpoint in
                entrances[endpoint] != nil || !silent.rests(endpoint, now: now)
            }
            lookups[id] = lookup
            guard let candidate else {
                questionBudget.giveBack()
                if lookup.isDone { finish(id, now: now) }
                return
            }
            ask(
                query(of: lookup), candidate.endpoint, id: candidate.id, for: .lookup(id), now: now)
        }
    }

    private func query(of lookup: Lookup) -> DHTQuery {
        var want: WantedFamilies = []
        switch lookup.task {
        case .nodes(let isBootstrap):
            // Whoever is in both DHTs gets into the second one through nodes of the first (BEP 32).
            if isBootstrap, sides.count == 2 { want = [.v4, .v6] }
            return .findNode(target: lookup.target, want: want)
        case .peers(let infoHash, _):
            return .getPeers(infoHash: infoHash)
        case .item:
            return .get(target: lookup.target)
        }
    }

    /// A node has answered a lookup's question.
    mutating func answered(
        _ id: DHTLookupID, _ response: DHTResponse, sender: NodeID, from source: Endpoint,
        now: Timestamp
    ) {
        guard var lookup = lookups[id] else { return }
        let scope = source.address.scope
        let nodes = response.nodes(lookup.family).filter {
            $0.endpoint.isAskable && $0.endpoint.address.scope >= scope
                && $0.id != sides[lookup.family]?.ownID
        }
        guard lookup.answered(source, id: sender, token: response.token, nodes: nodes) else {
            lookups[id] = lookup
            return
        }
        switch lookup.task {
        case .nodes(let isBootstrap):
            if isBootstrap { takeOtherFamily(response, of: lookup.family, scope: scope, now: now) }
        case .peers(let infoHash, _):
            takePeers(response.peers, infoHash, scope: scope, to: &lookup)
        case .item(let salt, _, _):
            takeItem(response, salt: salt, from: source, to: &lookup)
        }
        lookups[id] = lookup
    }

    private mutating func takePeers(
        _ peers: [Endpoint], _ infoHash: SHA1Digest, scope: AddressScope, to lookup: inout Lookup
    ) {
        var found: [Endpoint] = []
        for peer in peers.prefix(Self.peersPerAnswer)
        where peer.port != 0 && !peer.address.isUnroutable && peer.address.scope >= scope {
            guard lookup.peers.count < Self.peersPerLookup else { break }
            if lookup.peers.insert(peer).inserted { found.append(peer) }
        }
        if !found.isEmpty { actions.append(.peersFound(infoHash, found)) }
    }

    private func takeItem(
        _ response: DHTResponse, salt: [UInt8], from source: Endpoint, to lookup: inout Lookup
    ) {
        let item = response.item(
            target: lookup.target, salt: salt, hashing: hashing, verifier: verifier)
        guard let item else { return }
        if case .mutable(let new) = item {
            lookup.noteSequence(new.sequence, of: source)
            if case .mutable(let old)? = lookup.item, old.sequence >= new.sequence { return }
        }
        lookup.item = item
    }

    /// Nodes of the DHT that was not asked, to begin with there.
    private mutating func takeOtherFamily(
        _ response: DHTResponse, of family: AddressFamily, scope: AddressScope, now: Timestamp
    ) {
        let other: AddressFamily = family == .v4 ? .v6 : .v4
        guard let side = sides[other], !side.isBootstrapped,
            side.savedContacts.count < Lookup.candidateLimit
        else { return }
        let nodes = response.nodes(other).prefix(Lookup.width).filter {
            $0.endpoint.isAskable && $0.endpoint.address.scope >= scope
        }
        guard !nodes.isEmpty else { return }
        sides[other]?.savedContacts += nodes
        if side.bootstrapLookup == nil, side.bootstrapDue == nil || side.bootstrapFailures == 0 {
            sides[other]?.bootstrapDue = now
        }
    }

    // MARK: - The end of a lookup

    private mutating func finish(_ id: DHTLookupID, now: Timestamp) {
        guard let lookup = lookups.removeValue(forKey: id) else { return }
        switch lookup.task {
        case .nodes(let isBootstrap):
            if isBootstrap { bootstrapEnded(lookup.family, now: now) }
        case .peers(let infoHash, let announce):
            let count = announce.map { self.announce($0, infoHash, lookup, now: now) } ?? 0
            searches[infoHash]?.ended(
                lookup.family, peers: lookup.peers.count, answers: lookup.answerCount, now: now)
            actions.append(
                .searchEnded(
                    infoHash, lookup.family, peers: lookup.peers.count, announcedTo: count))
        case .item(_, let put?, let expected):
            let count = store(put, expected: expected, lookup, now: now)
            actions.append(.itemLookupEnded(id, lookup.item, putTo: count))
        case .item:
            actions.append(.itemLookupEnded(id, lookup.item, putTo: 0))
        }
    }

    private mutating func announce(
        _ announce: DHTAnnounce, _ infoHash: SHA1Digest, _ lookup: Lookup, now: Timestamp
    ) -> Int {
        let targets = lookup.announceTargets
        for (candidate, token) in targets {
            let query = DHTQuery.announcePeer(
                infoHash: infoHash, port: announce.port, isPortImplied: announce.isPortImplied,
                token: token, isSeed: announce.isSeed)
            ask(query, candidate.endpoint, id: candidate.id, for: .store, now: now)
        }
        return targets.count
    }

    private mutating func store(
        _ item: DHTItem, expected: Int64?, _ lookup: Lookup, now: Timestamp
    ) -> Int {
        let targets = lookup.announceTargets
        for (candidate, token) in targets {
            // Where there is nothing, nothing is replaced (BEP 44).
            let replaced = candidate.sequence == nil ? nil : expected
            ask(
                .put(item, expected: replaced, token: token), candidate.endpoint,
                id: candidate.id, for: .store, now: now)
        }
        return targets.count
    }
}
