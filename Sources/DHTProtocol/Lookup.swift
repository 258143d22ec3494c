import TorrentCore

/// The way to the nodes closest to a place: asks the closest known, who name closer ones, until the
/// closest have all answered (BEP 5).
///
/// Hostile nodes name nodes that do not exist, that are theirs, or that they wish to harm, and may
/// choose IDs next to the place. Against that: of each address and of each small network only so many
/// are taken; whoever names nodes that do not answer is not believed any more, and has only two of
/// its nodes asked at a time; and the closest nodes whose IDs follow from their addresses (BEP 42)
/// are asked as well, and with more haste, however many others claim to be closer. Late nodes hold
/// nothing up: others take their places, and the lookup ends without them.
struct Lookup {
    /// The closest nodes that are looked for (BEP 5's k).
    static let width = 8
    /// Questions under way at once; late ones do not count.
    static let concurrency = 5
    /// Questions of one lookup: usual ones take 20 to 60.
    static let questionLimit = 160
    /// Nodes that are remembered at once; those far away are forgotten.
    static let candidateLimit = 200
    /// Nodes taken from one answer, which ought to name 8.
    static let nodesPerAnswer = 16
    /// Nodes of one small network.
    static let nodesPerSubnet = 2
    /// Questions at once to nodes that the same node has named, as long as none has answered.
    static let concurrencyPerReferrer = 2
    /// Questions at once to nodes whose IDs do not follow from their addresses.
    static let unverifiedConcurrency = 2
    /// So many of those may be silent before they are left out, unless half as many have answered:
    /// honest ones are often gone, invented ones always.
    static let unverifiedFailureLimit = 6
    /// Nodes named by one node that did not answer, none having done so, until it is believed no more.
    static let referrerFailureLimit = 3

    let id: DHTLookupID
    let family: AddressFamily
    let target: NodeID
    let task: LookupTask
    /// Sorted by distance, those without an ID last.
    private(set) var candidates: [LookupCandidate] = []
    /// Peers that have been told already.
    var peers: Set<Endpoint> = []
    /// The newest item found (BEP 44).
    var item: DHTItem?
    private(set) var questions = 0
    private var addresses: Set<AddressKey> = []
    private var subnets: [SubnetKey: Int] = [:]
    private var referrers: [AddressKey: (answered: Int, failed: Int)] = [:]
    private var unverified = (answered: 0, failed: 0)

    init(id: DHTLookupID, family: AddressFamily, target: NodeID, task: LookupTask) {
        self.id = id
        self.family = family
        self.target = target
        self.task = task
    }

    // MARK: - Candidates

    /// Takes nodes that we know.
    mutating func start(contacts: [NodeContact], endpoints: [Endpoint]) {
        for contact in contacts { add(LookupCandidate(contact, referrer: nil)) }
        for endpoint in endpoints { add(LookupCandidate(unknownAt: endpoint)) }
    }

    private mutating func add(_ candidate: LookupCandidate) {
        let key = AddressKey(candidate.endpoint)
        guard !addresses.contains(key) else { return }
        if let subnet = SubnetKey(candidate.endpoint.address), candidate.referrer != nil {
            guard subnets[subnet, default: 0] < Self.nodesPerSubnet else { return }
            subnets[subnet, default: 0] += 1
        }
        addresses.insert(key)
        insert(candidate)
        if candidates.count > Self.candidateLimit,
            let last = candidates.lastIndex(where: { $0.state == .fresh && $0.id != nil })
        {
            candidates.remove(at: last)
        }
    }

    private mutating func insert(_ candidate: LookupCandidate) {
        guard let id = candidate.id else {
            candidates.append(candidate)
            return
        }
        let distance = id ^ target
        var (low, high) = (0, candidates.count)
        while low < high {
            let middle = (low + high) / 2
            if let other = candidates[middle].id, other ^ target < distance {
                low = middle + 1
            } else {
                high = middle
            }
        }
        candidates.insert(candidate, at: low)
    }

    private func index(of endpoint: Endpoint) -> Int? {
        candidates.firstIndex { $0.endpoint == endpoint }
    }

    // MARK: - Asking

    /// Whom to ask now; nil where enough are being asked, or nobody is left.
    mutating func next(canAsk: (Endpoint) -> Bool) -> LookupCandidate? {
        var (asked, askedUnverified) = (0, 0)
        for candidate in candidates where candidate.state == .asked {
            asked += 1
            if !candidate.isVerified { askedUnverified += 1 }
        }
        guard questions < Self.questionLimit, asked < Self.concurrency else { return nil }
        var (ranked, verified) = (0, 0)
        var unknown: Int?
        for index in candidates.indices {
            let candidate = candidates[index]
            if candidate.state == .dropped || candidate.state == .late { continue }
            let isInReach =
                ranked < Self.width || (candidate.isVerified && verified < Self.width)
            if candidate.state == .fresh, !isBelieved(candidate.referrer) {
                candidates[index].state = .dropped
                continue
            }
            if candidate.state == .fresh, !candidate.isVerified, !trustsUnverified { continue }
            if candidate.state == .fresh, candidate.id == nil {
                unknown = unknown ?? index
                continue
            }
            ranked += 1
            if candidate.isVerified { verified += 1 }
            guard isInReach else {
                if ranked > Self.width, verified > Self.width { break }
                continue
            }
            guard candidate.state == .fresh, !isBusy(candidate.referrer),
                candidate.isVerified || askedUnverified < Self.unverifiedConcurrency
            else { continue }
            guard canAsk(candidate.endpoint) else {
                candidates[index].state = .dropped
                continue
            }
            return ask(index)
        }
        // Those of which only the endpoint is known lead into the DHT where nobody else does.
        guard let unknown, candidates.count(where: { $0.state.isAnswered }) < Self.width else {
            return nil
        }
        return ask(unknown)
    }

    private mutating func ask(_ index: Int) -> LookupCandidate {
        candidates[index].state = .asked
        questions += 1
        return candidates[index]
    }

    private var trustsUnverified: Bool {
        unverified.failed < Self.unverifiedFailureLimit
            || unverified.failed <= 2 * unverified.answered
    }

    private func isBelieved(_ referrer: AddressKey?) -> Bool {
        guard let referrer, let record = referrers[referrer] else { return true }
        return record.answered > 0 || record.failed < Self.referrerFailureLimit
    }

    private func isBusy(_ referrer: AddressKey?) -> Bool {
        guard let referrer, referrers[referrer]?.answered ?? 0 == 0 else { return false }
        return candidates.count { $0.referrer == referrer && $0.state == .asked }
            >= Self.concurrencyPerReferrer
    }

    /// Whether the end is reached: nobody is being asked but late ones, who may still be all there are,
    /// and nobody is to be asked. Call `next` first.
    var isDone: Bool {
        var (hasAnswer, hasLate) = (false, false)
        for candidate in candidates {
            switch candidate.state {
            case .asked: return false
            case .late: hasLate = true
            case .answered: hasAnswer = true
            case .fresh, .dropped: break
            }
        }
        return hasAnswer || !hasLate
    }

    // MARK: - Answers

    /// A node has answered, under `id`, and named `nodes`. False where it is not the one it was said
    /// to be, or was not asked.
    mutating func answered(
        _ endpoint: Endpoint, id: NodeID, token: [UInt8]?, nodes: [NodeContact]
    ) -> Bool {
        guard let index = index(of: endpoint) else { return false }
        var candidate = candidates.remove(at: index)
        guard candidate.id == nil || candidate.id == id else {
            candidate.state = .dropped
            insert(candidate)
            note(candidate.referrer, hasAnswered: false)
            return false
        }
        candidate.id = id
        candidate.isVerified = id.isValid(for: endpoint.address)
        candidate.state = .answered(token: token)
        if !candidate.isVerified { unverified.answered += 1 }
        insert(candidate)
        note(candidate.referrer, hasAnswered: true)
        let key = AddressKey(endpoint)
        for node in nodes.prefix(Self.nodesPerAnswer)
        where AddressFamily(of: node.endpoint.address) == family {
            add(LookupCandidate(node, referrer: key))
        }
        return true
    }

    /// A node has the item of that number (BEP 44).
    mutating func noteSequence(_ sequence: Int64, of endpoint: Endpoint) {
        if let index = index(of: endpoint) { candidates[index].sequence = sequence }
    }

    /// A node is late, which is held against whoever named it until it answers after all.
    mutating func isLate(_ endpoint: Endpoint) {
        guard let index = index(of: endpoint), candidates[index].state == .asked else { return }
        candidates[index].state = .late
        if !candidates[index].isVerified { unverified.failed += 1 }
        note(candidates[index].referrer, hasAnswered: false)
    }

    /// A node has not answered, or has refused.
    mutating func failed(_ endpoint: Endpoint) {
        guard let index = index(of: endpoint) else { return }
        if candidates[index].state == .asked {
            note(candidates[index].referrer, hasAnswered: false)
        }
        candidates[index].state = .dropped
    }

    private mutating func note(_ referrer: AddressKey?, hasAnswered: Bool) {
        guard let referrer else { return }
        if hasAnswered {
            referrers[referrer, default: (0, 0)].answered += 1
        } else {
            referrers[referrer, default: (0, 0)].failed += 1
        }
    }

    // MARK: - The end

    /// How many have answered.
    var answerCount: Int { candidates.count { $0.state.isAnswered } }

    /// The closest that have answered and given a token: an announce goes to them. Where most of the
    /// closest have IDs that do not follow from their addresses, half as many that do are added.
    var announceTargets: [(candidate: LookupCandidate, token: [UInt8])] {
        var targets: [(candidate: LookupCandidate, token: [UInt8])] = []
        var verified = 0
        for candidate in candidates {
            guard case .answered(let token?) = candidate.state else { continue }
            let isClosest = targets.count < Self.width
            guard isClosest || (candidate.isVerified && verified < Self.width / 2) else {
                continue
            }
            if candidate.isVerified { verified += 1 }
            targets.append((candidate, token))
        }
        return targets
    }
}

extension LookupCandidate.State {
    var isAnswered: Bool {
        if case .answered = self { true } else { false }
    }
}
