package import TorrentCore

/// Our questions, and the answers to them.
extension DHTStateMachine {
    /// Takes a datagram. Whatever is broken, unasked for or too much is dropped without a word.
    package mutating func received(
        _ datagram: Span<UInt8>, from source: Endpoint, now: Timestamp
    ) {
        guard sides[AddressFamily(of: source.address)] != nil, source.port != 0,
            !source.address.isUnroutable, datagram.count <= KRPCMessage.receiveLimit
        else {
            counts.dropped += 1
            return
        }
        let isAdmitted = limits.admits(source, now: now)
        // Whoever floods under the address of a node that we have asked does not keep us from
        // hearing its answer.
        guard isAdmitted || questions.values.contains(where: { $0.endpoint == source }) else {
            counts.dropped += 1
            return
        }
        do throws(KRPCDecodingError) {
            let message = try KRPCMessage(decoding: Array(copying: datagram))
            switch message.body {
            case .query where !isAdmitted:
                counts.dropped += 1
            case .query(let query, let sender):
                serve(query, sender: sender, message, from: source, now: now)
            case .response(let response, let sender):
                answered(message, response, sender: sender, from: source, now: now)
            case .error:
                refused(message.transaction, by: source)
            }
        } catch {
            switch error {
            case .malformed:
                counts.dropped += 1
                return
            case .refused(let transaction, let reason):
                if isAdmitted { refuse(transaction, reason, to: source, now: now) }
            }
        }
        settle(now: now)
    }

    // MARK: - Asking

    mutating func ask(
        _ query: DHTQuery, _ endpoint: Endpoint, id: NodeID?, for purpose: DHTQuestion.Purpose,
        now: Timestamp
    ) {
        let family = AddressFamily(of: endpoint.address)
        guard let side = sides[family] else { return }
        let transaction = freshTransaction()
        questions[transaction] = DHTQuestion(
            endpoint: endpoint, expected: id, purpose: purpose, sent: now)
        counts.questions += 1
        let key = AddressKey(endpoint)
        if contacted.count < Self.contactedLimit || contacted[key] != nil { contacted[key] = now }
        var bytes: [UInt8] = []
        bytes.appendBigEndian(transaction)
        let message = KRPCMessage(
            transaction: bytes, body: .query(query, sender: side.ownID),
            version: KRPCMessage.ownVersion, isReadOnly: !isServing(family))
        actions.append(.send(datagram: message.encoded, to: endpoint))
    }

    /// Asks a node whether it lives, where the budget for that allows it.
    mutating func check(_ endpoint: Endpoint, id: NodeID?, now: Timestamp) {
        guard questions.count < Self.questionLimit,
            !questions.values.contains(where: { $0.endpoint == endpoint }),
            checkBudget.take(now: now)
        else { return }
        ask(.ping, endpoint, id: id, for: .check, now: now)
    }

    private mutating func freshTransaction() -> UInt32 {
        while true {
            let transaction = secrets.next().prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
            if questions[transaction] == nil { return transaction }
        }
    }

    // MARK: - Answers

    private mutating func takeQuestion(
        _ transaction: [UInt8], from source: Endpoint
    ) -> DHTQuestion? {
        guard transaction.count == 4 else { return nil }
        let number = transaction.reduce(0) { $0 << 8 | UInt32($1) }
        guard let question = questions[number], question.endpoint == source else { return nil }
        questions[number] = nil
        return question
    }

    private mutating func answered(
        _ message: KRPCMessage, _ response: DHTResponse, sender: NodeID, from source: Endpoint,
        now: Timestamp
    ) {
        guard let question = takeQuestion(message.transaction, from: source) else {
            counts.dropped += 1
            return
        }
        counts.answers += 1
        let family = AddressFamily(of: source.address)
        silent.answered(source)
        noteVote(message.externalEndpoint, from: source, now: now)
        insert(NodeContact(id: sender, endpoint: source), now: now)
        if case .lookup(let id) = question.purpose {
            answered(id, response, sender: sender, from: source, now: now)
        }
        if let side = sides[family], !side.isBootstrapped, side.bootstrapLookup == nil,
            side.table.count > 0
        {
            sides[family]?.bootstrapDue = now
        }
    }

    private mutating func refused(_ transaction: [UInt8], by source: Endpoint) {
        guard let question = takeQuestion(transaction, from: source) else {
            counts.dropped += 1
            return
        }
        silent.answered(source)
        if case .lookup(let id) = question.purpose { lookups[id]?.failed(source) }
    }

    /// A node has answered: it may have a place in the table.
    private mutating func insert(_ contact: NodeContact, now: Timestamp) {
        let family = AddressFamily(of: contact.endpoint.address)
        guard contact.endpoint.isAskable,
            sides[family]?.bootstrapEndpoints[contact.endpoint] != true
        else { return }
        if let doubtful = sides[family]?.table.answered(contact, now: now) {
            check(doubtful.endpoint, id: doubtful.id, now: now)
        }
    }

    /// A node has told where our question came from (BEP 42). Where enough agree, and our ID does not
    /// follow from that address, we take one that does, and look for our new place.
    private mutating func noteVote(_ endpoint: Endpoint?, from source: Endpoint, now: Timestamp) {
        let family = AddressFamily(of: source.address)
        guard let address = endpoint?.address, AddressFamily(of: address) == family,
            let agreed = sides[family]?.votes.insert(address, from: source),
            let side = sides[family], !side.ownID.isValid(for: agreed)
        else { return }
        let id = NodeID(address: agreed, random: &random)
        sides[family]?.table = side.table.rebuilt(for: id, now: now)
        sides[family]?.bootstrapDue = now
        for (infoHash, search) in searches where search.announce != nil {
            // Strict nodes have kept none of what we announced under the old one.
            if let state = search.states[family], state.lookup == nil, state.lastStart != nil {
                searches[infoHash]?.states[family]?.due = now
            }
        }
    }
}
