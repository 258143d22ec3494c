package import TorrentCore

/// The addresses of one torrent's peers, and when to dial which.
package struct PeerList: Sendable {
    /// The limits of a list.
    package struct Configuration: Sendable {
        /// Connections of the torrent, those being dialled included.
        package var connectionLimit = 80
        /// Addresses kept; beyond that the worst goes.
        package var candidateLimit = 2000
        /// Of these, addresses that one peer may have named (BEP 11): no peer can fill the list
        /// with addresses of its choice.
        package var shareLimit = 200
        /// Connections that may be dialled at once when a list first arrives, as libtorrent's
        /// `torrent_connect_boost`.
        package var burst = 30
        /// Dials a second after that.
        package var rate = 20.0

        /// The limits that a client uses in its ordinary life.
        package init() {}
    }

    struct Candidate {
        enum State { case idle, dialling, connected }
        var endpoint: Endpoint
        /// The same peer's address of the other family; see `add(_:sameAs:now:)`.
        var twin: Endpoint?
        /// Whether connections to both have said so.
        var isTwinCertain = false
        /// The best that named it.
        var source: PeerSource
        /// Whether one of those named it that may name peers of a private torrent (BEP 27).
        var isPrivate: Bool
        var state = State.idle
        /// Failures in a row, and when the last one was.
        var failures = 0
        var failedAt = Timestamp.zero
        var prefersEncryption = false
        /// Whether the last handshake failed in the other form.
        var hasChangedForm = false
        /// Nobody has dialled it or connected from it.
        var isUntried = true
        var nextTry: Timestamp
        /// The peer that named it, where that was one.
        var namer: IPAddress?
        /// Breaks ties, the least first: by chance, so that not every client dials a tracker's list
        /// from its start, or by canonical priority.
        var order: UInt64
    }

    /// Ports below are those of other services, which strangers must not make us talk to (BEP 11):
    /// whoever names one is not heard, but for the user and a peer that speaks of itself.
    package static let lowestPort: UInt16 = 1024

    private let configuration: Configuration
    var candidates: [Candidate] = []
    var positions: [Endpoint: Int] = [:]
    /// How many candidates each peer has named; see `shareLimit`.
    private var shares: [IPAddress: Int] = [:]
    private var bannedAddresses: Set<IPAddress> = []
    private var bannedEndpoints: Set<Endpoint> = []
    private var random: SeededRandom
    /// Ours, as peers see it: one of each family at most.
    private var ownAddresses: [Endpoint] = []
    private var dials: TokenBucket

    /// An empty list.
    package init(configuration: Configuration = .init(), seed: UInt64, now: Timestamp) {
        self.configuration = configuration
        random = SeededRandom(seed: seed)
        dials = TokenBucket(
            rate: configuration.rate, burst: Double(configuration.burst), now: now)
    }

    /// How many addresses are known.
    package var count: Int { candidates.count }

    /// Whether the address is known.
    package func contains(_ endpoint: Endpoint) -> Bool { positions[endpoint] != nil }

    /// Whether the address is banned. Somebody behind a banned address is banned at all ports,
    /// save on the loopback interface, which many share.
    package func isBanned(_ endpoint: Endpoint) -> Bool {
        bannedEndpoints.contains(endpoint) || bannedAddresses.contains(endpoint.address)
    }

    /// Whether there is a connection to the address.
    package func isConnected(_ endpoint: Endpoint) -> Bool {
        positions[endpoint].map { candidates[$0].state == .connected } ?? false
    }

    /// Adds addresses; those known, banned, or that nothing can be sent to are passed over, as is
    /// what goes beyond the share of the peer at `namer`, where a peer named them.
    package mutating func add(
        _ endpoints: some Sequence<Endpoint>, source: PeerSource, namer: IPAddress? = nil,
        now: Timestamp
    ) {
        for endpoint in endpoints {
            guard endpoint.port != 0, !endpoint.address.isUnroutable, !isBanned(endpoint),
                endpoint.port >= Self.lowestPort || source == .user || source == .incoming
            else { continue }
            if let known = positions[endpoint] {
                if namer != candidates[known].namer, !candidates[known].isTwinCertain {
                    candidates[known].twin = nil
                }
                if source.isPrivate { candidates[known].isPrivate = true }
                if source < candidates[known].source {
                    candidates[known].source = source
                    endShare(known)
                    if source.isUsers, candidates[known].state == .idle {
                        candidates[known].nextTry = now
                    }
                }
                continue
            }
            if let namer, shares[namer, default: 0] >= configuration.shareLimit { continue }
            if candidates.count >= configuration.candidateLimit, !dropWorst(source) { continue }
            if let namer { shares[namer, default: 0] += 1 }
            positions[endpoint] = candidates.count
            candidates.append(
                Candidate(
                    endpoint: endpoint, source: source, isPrivate: source.isPrivate, nextTry: now,
                    namer: namer,
                    order: order(of: endpoint)))
        }
    }

    /// Where peers see us: among equals, those are dialled first that all clients would choose for
    /// us (BEP 40). Linear in the number of addresses.
    package mutating func setOwnAddress(_ address: Endpoint) {
        guard !ownAddresses.contains(address) else { return }
        ownAddresses.removeAll { $0.address.isV6 == address.address.isV6 }
        ownAddresses.append(address)
        for index in candidates.indices {
            candidates[index].order = order(of: candidates[index].endpoint)
        }
    }

    private mutating func order(of endpoint: Endpoint) -> UInt64 {
        let chance = random.next()
        let own = ownAddresses.first { $0.address.isV6 == endpoint.address.isV6 }
        let priority = own.flatMap { PeerPriority.of($0, endpoint) }
        return priority.map { UInt64(UInt32.max - $0) << 32 | chance >> 32 } ?? chance
    }

    /// The address to dial now, or nil. `connections` counts those there are, incoming ones and
    /// those being dialled included. Linear in the number of addresses.
    package mutating func nextDial(now: Timestamp, connections: Int) -> Endpoint? {
        guard connections < configuration.connectionLimit, dials.hasOne(now: now) else {
            return nil
        }
        var best: Int?
        for index in candidates.indices {
            guard candidates[index].nextTry <= now, isWaiting(candidates[index]) else { continue }
            if let known = best, !isBetter(candidates[index], candidates[known]) { continue }
            best = index
        }
        guard let best else { return nil }
        _ = dials.take(now: now)
        candidates[best].state = .dialling
        candidates[best].isUntried = false
        return candidates[best].endpoint
    }

    /// When `nextDial` may next have an answer; nil while the limit is reached or nobody is left.
    package func nextDeadline(connections: Int) -> Timestamp? {
        guard connections < configuration.connectionLimit else { return nil }
        guard
            let due = candidates.lazy.filter(isWaiting).map(\.nextTry).min()
        else { return nil }
        return max(due, dials.nextDue(now: due))
    }

    /// Whether an address is among them for which this holds. Linear in the number of addresses.
    package func contains(where holds: (IPAddress) -> Bool) -> Bool {
        candidates.contains { holds($0.endpoint.address) }
    }

    /// The address is our own, or the other end of a connection there is already: it is never
    /// dialled again.
    package mutating func forget(_ endpoint: Endpoint) {
        bannedEndpoints.insert(endpoint)
        if let index = positions[endpoint] { remove(index) }
    }

    /// Whoever named the address had no right to (BEP 27): it is dropped, and may be named again.
    package mutating func withdraw(_ endpoint: Endpoint) {
        if let index = positions[endpoint] { remove(index) }
    }

    /// The peer that named the address is connected to it no longer (BEP 11): it is dropped, unless
    /// somebody else vouches for it, or we are connected to it or have been.
    package mutating func withdraw(_ endpoint: Endpoint, namedBy namer: IPAddress) {
        guard let index = positions[endpoint], candidates[index].namer == namer,
            candidates[index].state == .idle, candidates[index].isUntried
        else { return }
        remove(index)
    }

    /// Only trackers and the user may name peers (BEP 27), and not the text of a magnet link: drops
    /// what none of them named, and returns it.
    package mutating func withdrawGossip() -> Set<Endpoint> {
        let gossip = Set(candidates.lazy.filter { !$0.isPrivate }.map(\.endpoint))
        for endpoint in gossip { withdraw(endpoint) }
        return gossip
    }

    /// Somebody at this address sent bad data.
    package mutating func ban(_ endpoint: Endpoint) {
        bannedEndpoints.insert(endpoint)
        if !endpoint.address.isLoopback { bannedAddresses.insert(endpoint.address) }
        for candidate in candidates where isBanned(candidate.endpoint) {
            if let index = positions[candidate.endpoint] { remove(index) }
        }
    }

    private func isBetter(_ left: Candidate, _ right: Candidate) -> Bool {
        if left.source.isUsers != right.source.isUsers { return left.source.isUsers }
        if left.failures != right.failures { return left.failures < right.failures }
        if left.source != right.source { return left.source < right.source }
        return left.order < right.order
    }

    private mutating func dropWorst(_ source: PeerSource) -> Bool {
        var worst: Int?
        for index in candidates.indices
        where candidates[index].state == .idle && !candidates[index].source.isUsers {
            if let known = worst, !isBetter(candidates[known], candidates[index]) { continue }
            worst = index
        }
        guard let worst, candidates[worst].failures > 0 || source < candidates[worst].source else {
            return false
        }
        remove(worst)
        return true
    }

    /// The candidate no longer counts as named by a peer alone.
    private mutating func endShare(_ index: Int) {
        guard let namer = candidates[index].namer, let share = shares[namer] else { return }
        candidates[index].namer = nil
        shares[namer] = share > 1 ? share - 1 : nil
    }

    mutating func remove(_ index: Int) {
        endShare(index)
        positions[candidates[index].endpoint] = nil
        let last = candidates.removeLast()
        guard index < candidates.count else { return }
        candidates[index] = last
        positions[last.endpoint] = index
    }
}
