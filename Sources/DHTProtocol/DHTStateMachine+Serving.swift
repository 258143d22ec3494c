import TorrentCore

/// The questions of others.
extension DHTStateMachine {
    /// Torrents named in one answer (BEP 51): 20 bytes each, beside the nodes.
    private static let sampleLimit = 20
    /// How long one who surveys the DHT waits before asking the same node again (BEP 51).
    private static let sampleInterval = 6 * 60 * 60
    /// What is left free of a datagram for the keys around what is counted.
    private static let reserve = 160

    mutating func serve(
        _ query: DHTQuery, sender: NodeID, _ message: KRPCMessage, from source: Endpoint,
        now: Timestamp
    ) {
        let family = AddressFamily(of: source.address)
        guard let side = sides[family], sender != side.ownID else { return }
        noteReached(by: source, now: now)
        guard isServing(family) else { return }
        let contact = NodeContact(id: sender, endpoint: source)
        if !message.isReadOnly, sides[family]?.table.asked(contact, now: now) == false,
            source.isAskable, side.table.mayTake(contact, now: now),
            !silent.rests(source, now: now)
        {
            check(source, id: sender, now: now)
        }
        do throws(KRPCError) {
            let response = try answer(query, from: source, now: now)
            send(
                .response(response, sender: sides[family]?.ownID ?? side.ownID),
                message.transaction, to: source, now: now)
        } catch {
            refuse(message.transaction, error, to: source, now: now)
        }
    }

    mutating func refuse(
        _ transaction: [UInt8], _ reason: KRPCError, to source: Endpoint, now: Timestamp
    ) {
        guard isServing(AddressFamily(of: source.address)) else { return }
        send(.error(reason), transaction, to: source, now: now)
    }

    private mutating func send(
        _ body: KRPCMessage.Body, _ transaction: [UInt8], to source: Endpoint, now: Timestamp
    ) {
        let datagram = KRPCMessage(
            transaction: transaction, body: body, version: KRPCMessage.ownVersion,
            externalEndpoint: source
        ).encoded
        guard answerBudget.take(Double(datagram.count), now: now) else {
            counts.dropped += 1
            return
        }
        counts.served += 1
        actions.append(.send(datagram: datagram, to: source))
    }

    /// Somebody whom we have not asked has got through to us, or somebody from whom no address
    /// translation sets us apart.
    private mutating func noteReached(by source: Endpoint, now: Timestamp) {
        if source.address.scope == .global, let asked = contacted[AddressKey(source)],
            now - asked < Reachability.solicitedTime
        {
            return
        }
        sides[AddressFamily(of: source.address)]?.reachability = .reachable(proved: now)
    }

    // MARK: - Answers

    private mutating func answer(
        _ query: DHTQuery, from source: Endpoint, now: Timestamp
    ) throws(KRPCError) -> DHTResponse {
        var response = DHTResponse()
        switch query {
        case .ping:
            break
        case .findNode(let target, let want):
            name(target, want, in: &response, to: source)
        case .getPeers(let infoHash, let want, let noSeeds, let scrape):
            let known = peers.peers(of: infoHash, now: now)
            name(NodeID(infoHash), scrape ? [] : want, in: &response, to: source)
            response.token = tokens.token(
                for: source.address, target: NodeID(infoHash), hashing: hashing)
            if scrape, !known.isEmpty { count(known, in: &response) }
            tell(known.filter { !(noSeeds && $0.isSeed) }, in: &response, to: source)
        case .announcePeer(let infoHash, let port, let isPortImplied, let token, let isSeed):
            try check(token, from: source, target: NodeID(infoHash))
            let endpoint = Endpoint(
                address: source.address, port: isPortImplied ? source.port : port)
            // Refused without a word, as by other programs: an announce that finds no room is no fault.
            _ = peers.insert(endpoint, isSeed: isSeed, for: infoHash, now: now)
        case .get(let target, let sequence, let want):
            name(target, want, in: &response, to: source)
            response.token = tokens.token(for: source.address, target: target, hashing: hashing)
            tellItem(at: target, newerThan: sequence, in: &response, now: now)
        case .put(let item, let expected, let token):
            let target = item.target(hashing: hashing)
            // Before the signature, which costs more.
            try check(token, from: source, target: target)
            if case .mutable(let mutable) = item, !mutable.isSigned(verifier) {
                throw .invalidSignature
            }
            try items.put(item, at: target, expected: expected, from: source, now: now)
        case .sampleInfohashes(let target, let want):
            name(target, want, in: &response, to: source)
            response.samples = peers.sample(Self.sampleLimit, random: &random)
            response.sampleCount = peers.torrentCount
            response.sampleInterval = Self.sampleInterval
        }
        return response
    }

    private func check(
        _ token: [UInt8], from source: Endpoint, target: NodeID
    ) throws(KRPCError) {
        guard tokens.accepts(token, from: source.address, target: target, hashing: hashing) else {
            throw .badToken
        }
    }

    /// Names the nodes closest to a place, of the families that are wanted, and of no narrower scope
    /// than the asker's.
    private func name(
        _ target: NodeID, _ want: WantedFamilies, in response: inout DHTResponse,
        to source: Endpoint
    ) {
        let transport = AddressFamily(of: source.address)
        for family in AddressFamily.allCases where want.includes(family, over: transport) {
            guard let side = sides[family] else { continue }
            let nodes = side.table.closest(to: target, count: 2 * Lookup.width).filter {
                $0.endpoint.address.scope >= source.address.scope && $0.endpoint != source
            }
            let closest = Array(nodes.prefix(Lookup.width))
            if family == .v4 { response.nodes = closest } else { response.nodes6 = closest }
        }
    }

    /// Names as many peers, chosen at random, as still fit into the datagram.
    private mutating func tell(
        _ peers: [StoredPeer], in response: inout DHTResponse, to source: Endpoint
    ) {
        let fitting = peers.filter { $0.endpoint.address.isV6 == source.address.isV6 }
            .filter { $0.endpoint.address.scope >= source.address.scope }
        let used =
            26 * (response.nodes?.count ?? 0) + 38 * (response.nodes6?.count ?? 0)
            + (response.seedFilter == nil ? 0 : 2 * (AddressFilter.byteCount + 10)) + Self.reserve
        let room = (KRPCMessage.sendLimit - used) / (source.address.isV6 ? 21 : 8)
        response.peers = fitting.shuffled(using: &random).prefix(max(0, room)).map(\.endpoint)
    }

    /// Counts a torrent's peers in the way that can be added up (BEP 33).
    private func count(_ known: [StoredPeer], in response: inout DHTResponse) {
        var (seeds, others) = (AddressFilter(), AddressFilter())
        for peer in known {
            if peer.isSeed {
                seeds.insert(peer.endpoint.address, hashing: hashing)
            } else {
                others.insert(peer.endpoint.address, hashing: hashing)
            }
        }
        response.seedFilter = seeds.bytes
        response.peerFilter = others.bytes
    }

    private func tellItem(
        at target: NodeID, newerThan sequence: Int64?, in response: inout DHTResponse,
        now: Timestamp
    ) {
        guard let item = items.item(at: target, now: now) else { return }
        if case .mutable(let mutable) = item {
            response.sequence = mutable.sequence
            if let sequence, mutable.sequence <= sequence { return }
            response.key = mutable.key
            response.signature = mutable.signature
        }
        // A value of a thousand bytes leaves little room: the nodes can be had by `find_node`.
        let used = 26 * (response.nodes?.count ?? 0) + 38 * (response.nodes6?.count ?? 0)
        if used + item.value.count + 2 * Self.reserve > KRPCMessage.sendLimit {
            response.nodes = response.nodes.map { Array($0.prefix(3)) }
            response.nodes6 = response.nodes6.map { Array($0.prefix(1)) }
        }
        response.value = item.value
    }
}
