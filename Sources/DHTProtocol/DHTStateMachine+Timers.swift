package import TorrentCore

extension DHTStateMachine {
    /// How long the first attempt to find our place is waited after; doubled with each further one.
    private static let bootstrapRetry = Interval.seconds(5)
    /// So many parts of the space that are far from us are looked at once our own place is known.
    private static let explorationDepth = 4
    /// With fewer nodes than two buckets hold, some part of the space is looked at in every sweep.
    private static let sparseTable = 16
    private static let longestBootstrapRetry = Interval.seconds(5 * 60)

    /// Does what is due.
    package mutating func timerFired(now: Timestamp) {
        expireQuestions(now: now)
        if tokens.nextChange <= now { tokens.change(to: secrets.next(), now: now) }
        if nextSweep <= now { sweep(now: now) }
        settle(now: now)
    }

    private mutating func expireQuestions(now: Timestamp) {
        // In a settled order, so that the same events have the same course.
        let due = questions.filter { $1.deadline <= now }.sorted {
            ($0.value.sent, $0.key) < ($1.value.sent, $1.key)
        }
        for (transaction, question) in due {
            if question.isLate || now - question.sent >= Self.answerTimeout {
                questions[transaction] = nil
                timedOut(question, now: now)
            } else {
                questions[transaction]?.isLate = true
                if case .lookup(let id) = question.purpose {
                    lookups[id]?.isLate(question.endpoint)
                }
            }
        }
    }

    private mutating func timedOut(_ question: DHTQuestion, now: Timestamp) {
        silent.timedOut(question.endpoint, now: now)
        if let id = question.expected {
            let contact = NodeContact(id: id, endpoint: question.endpoint)
            sides[AddressFamily(of: question.endpoint.address)]?.table.timedOut(contact, now: now)
        }
        if case .lookup(let id) = question.purpose { lookups[id]?.failed(question.endpoint) }
    }

    /// Lets go of what has expired, and refreshes the tables.
    private mutating func sweep(now: Timestamp) {
        nextSweep = now + Self.sweepInterval
        limits.expire(now: now)
        silent.expire(now: now)
        peers.expire(now: now)
        items.expire(now: now)
        contacted = contacted.filter { now - $1 < Reachability.solicitedTime }
        for family in families {
            sides[family]?.reachability.timePassed(now: now)
            guard let side = sides[family], side.isBootstrapped else { continue }
            if side.table.goodCount(now: now) == 0 {
                sides[family]?.isBootstrapped = false
                sides[family]?.bootstrapDue = now
            } else if side.table.count < Self.sparseTable {
                let target = NodeID(random: &random)
                _ = startLookup(.nodes(isBootstrap: false), target: target, over: family, now: now)
            } else if let target = sides[family]?.table.staleTarget(now: now, random: &random) {
                _ = startLookup(.nodes(isBootstrap: false), target: target, over: family, now: now)
            }
        }
    }

    // MARK: - After every event

    /// Begins what is due, goes on with the lookups, and works out when to be called again.
    mutating func settle(now: Timestamp) {
        // The end of one lookup may begin others.
        var last: UInt64
        repeat {
            last = lastLookup
            for family in families { bootstrapIfDue(family, now: now) }
            startSearches(now: now)
            isStarved = false
            for id in lookups.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
                advance(id, now: now)
            }
        } while lastLookup != last
        var deadline = min(nextSweep, tokens.nextChange)
        for question in questions.values { deadline = min(deadline, question.deadline) }
        for side in sides.values where side.bootstrapLookup == nil {
            if let due = side.bootstrapDue { deadline = min(deadline, due) }
        }
        if lookups.count < Self.lookupLimit {
            for search in searches.values {
                for (family, state) in search.states
                where state.lookup == nil && sides[family]?.hasContacts == true {
                    deadline = min(deadline, state.due)
                }
            }
        }
        if isStarved { deadline = min(deadline, questionBudget.nextDue(now: now)) }
        nextDeadline = deadline
    }

    private mutating func bootstrapIfDue(_ family: AddressFamily, now: Timestamp) {
        guard let side = sides[family], side.bootstrapLookup == nil, let due = side.bootstrapDue,
            due <= now
        else { return }
        sides[family]?.bootstrapDue = nil
        guard side.hasContacts else { return }
        let lookup = startLookup(
            .nodes(isBootstrap: true), target: side.ownID, over: family, now: now)
        sides[family]?.bootstrapLookup = lookup
    }

    /// The lookup for our own place has ended.
    mutating func bootstrapEnded(_ family: AddressFamily, now: Timestamp) {
        sides[family]?.bootstrapLookup = nil
        guard let side = sides[family] else { return }
        guard side.table.count > 0 else {
            let wait = Self.bootstrapRetry * (1 << Int64(min(side.bootstrapFailures, 10)))
            sides[family]?.bootstrapFailures += 1
            sides[family]?.bootstrapDue = now + min(wait, Self.longestBootstrapRetry)
            actions.append(.bootstrapFailed(family))
            return
        }
        sides[family]?.isBootstrapped = true
        sides[family]?.bootstrapFailures = 0
        sides[family]?.savedContacts = []
        if side.reachability == .unknown { sides[family]?.reachability = .trial(since: now) }
        actions.append(.bootstrapped(family))
        // The way here has only led to our neighbours.
        for bits in 0..<Self.explorationDepth where lookups.count < Self.lookupLimit {
            let target = side.ownID.neighbour(sharing: bits, random: &random)
            _ = startLookup(.nodes(isBootstrap: false), target: target, over: family, now: now)
        }
        // Those that have found too few nodes to ask find more now.
        for (infoHash, search) in searches
        where search.states[family]?.lookup == nil && search.states[family]?.wasStarved == true {
            searches[infoHash]?.states[family]?.due = now
        }
    }

    /// Those who have announced themselves to us need not be looked for.
    private mutating func tellOwnPeers(
        _ infoHash: SHA1Digest, _ family: AddressFamily, now: Timestamp
    ) {
        let known = peers.peers(of: infoHash, now: now).map(\.endpoint)
            .filter { AddressFamily(of: $0.address) == family }
        if !known.isEmpty { actions.append(.peersFound(infoHash, known)) }
    }

    private mutating func startSearches(now: Timestamp) {
        guard lookups.count < Self.lookupLimit else { return }
        for family in families where sides[family]?.hasContacts == true {
            let due = searches.filter {
                guard let state = $1.states[family] else { return false }
                return state.lookup == nil && state.due <= now
            }
            guard !due.isEmpty else { continue }
            let sorted = due.sorted {
                ($0.value.states[family]?.due ?? now, NodeID($0.key))
                    < ($1.value.states[family]?.due ?? now, NodeID($1.key))
            }
            for (infoHash, search) in sorted {
                guard lookups.count < Self.lookupLimit else { return }
                let lookup = startLookup(
                    .peers(infoHash, announce: search.announce), target: NodeID(infoHash),
                    over: family, now: now)
                if search.states[family]?.lastStart == nil {
                    tellOwnPeers(infoHash, family, now: now)
                }
                searches[infoHash]?.states[family]?.lookup = lookup
                searches[infoHash]?.states[family]?.lastStart = now
            }
        }
    }
}
