package import TorrentCore

/// One node of the DHT, in one or both address families (BEP 5, 32).
///
/// Datagrams, time and commands go in, `DHTAction`s come out. After each call take the actions, and
/// call `timerFired` at `nextDeadline`.
///
/// The node answers no questions until it is reachable (BEP 43), changes its ID to one that follows
/// from its address once it knows that (BEP 42), and keeps away from addresses that it must not be led
/// to: a node may name others of its own scope (this machine, the local network, the internet) or a
/// wider one, never of a narrower one.
package struct DHTStateMachine: Sendable {
    /// An answer that has not come by then is late: others are asked meanwhile. Most nodes of the
    /// public DHT answer within half a second.
    package static let lateTime = Interval.seconds(1)
    /// An answer that has not come by then does not come.
    package static let answerTimeout = Interval.seconds(4)
    /// Searches and other lookups under way at once; more torrents wait for their turn.
    package static let lookupLimit = 12
    /// Questions under way at once.
    package static let questionLimit = 512
    /// Endpoints to begin with, in each family.
    package static let bootstrapLimit = 64
    /// Questions a second to nodes that have only asked us something, or that somebody has named to us:
    /// by these a stranger can make us send datagrams where he likes.
    static let checksPerSecond = 8.0
    /// Between looks at what expires.
    static let sweepInterval = Interval.seconds(60)
    /// Addresses that are remembered as asked by us.
    static let contactedLimit = 8192

    let configuration: DHTConfiguration
    let hashing: any Hashing
    let verifier: any SignatureVerifying
    var secrets: SecretNumbers
    var random: SeededRandom

    var sides: [AddressFamily: DHTSide] = [:]
    /// Those in which we take part, IPv4 first.
    let families: [AddressFamily]
    var questions: [UInt32: DHTQuestion] = [:]
    var lookups: [DHTLookupID: Lookup] = [:]
    var searches: [SHA1Digest: DHTSearch] = [:]
    var tokens: WriteTokens
    var peers = PeerStore()
    var items = ItemStore()
    var limits = AddressLimits()
    var silent = SilentAddresses()
    /// When we last sent something to an address.
    var contacted: [AddressKey: Timestamp] = [:]
    var questionBudget: TokenBucket
    var checkBudget: TokenBucket
    var answerBudget: TokenBucket
    /// Whether a lookup waits for the budget of questions.
    var isStarved = false
    var nextSweep: Timestamp
    var counts = DHTStatistics()
    var actions: [DHTAction] = []
    var lastLookup: UInt64 = 0

    /// When `timerFired` is to be called; nil where there is nothing to wait for.
    package internal(set) var nextDeadline: Timestamp?

    /// A node that knows nobody but those of `saved`. `secret`, 16 bytes or more, must come from the
    /// system's generator: transaction IDs and tokens are made of it.
    package init(
        configuration: DHTConfiguration, saved: DHTSavedState = DHTSavedState(), secret: [UInt8],
        hashing: any Hashing, verifier: any SignatureVerifying, now: Timestamp
    ) {
        self.configuration = configuration
        self.hashing = hashing
        self.verifier = verifier
        secrets = SecretNumbers(secret: secret, hashing: hashing)
        random = SeededRandom(seed: secrets.next().prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
        tokens = WriteTokens(secret: secrets.next(), now: now)
        questionBudget = TokenBucket(
            rate: configuration.questionsPerSecond, burst: configuration.questionsPerSecond,
            now: now)
        checkBudget = TokenBucket(
            rate: Self.checksPerSecond, burst: Self.checksPerSecond, now: now)
        answerBudget = TokenBucket(
            rate: configuration.answerBytesPerSecond,
            burst: configuration.answerBytesPerSecond * 4, now: now)
        nextSweep = now + Self.sweepInterval
        families = AddressFamily.allCases.filter(configuration.families.contains)
        for family in families {
            let id = saved.ids[family] ?? NodeID(random: &random)
            var side = DHTSide(family: family, ownID: id, now: now)
            side.savedContacts = saved.contacts.filter {
                AddressFamily(of: $0.endpoint.address) == family
            }
            if !side.savedContacts.isEmpty { side.bootstrapDue = now }
            sides[family] = side
        }
        settle(now: now)
    }

    /// What is to be done, in order; empties the list.
    package mutating func takeActions() -> [DHTAction] {
        defer { actions = [] }
        return actions
    }

    /// Our ID in one of the DHTs; nil where we take no part in it.
    package func ownID(_ family: AddressFamily) -> NodeID? { sides[family]?.ownID }

    /// Whether we answer the questions of others.
    package func isServing(_ family: AddressFamily) -> Bool {
        switch configuration.participation {
        case .serving: sides[family] != nil
        case .readOnly: false
        case .automatic: sides[family]?.reachability.isServing ?? false
        }
    }

    /// How many nodes are in the tables.
    package var nodeCount: Int { sides.values.reduce(0) { $0 + $1.table.count } }

    /// What to keep for the next run.
    package var savedState: DHTSavedState {
        var state = DHTSavedState()
        for (family, side) in sides {
            state.ids[family] = side.ownID
            let nodes = side.table.nodes.filter { !$0.isBad }.map(\.contact)
            state.contacts += (nodes + side.savedContacts).prefix(DHTSavedState.nodeLimit)
        }
        return state
    }

    /// The figures of this moment.
    package func statistics(now: Timestamp) -> DHTStatistics {
        var figures = counts
        for (family, side) in sides {
            figures.nodes[family] = side.table.count
            figures.goodNodes[family] = side.table.goodCount(now: now)
            if let address = side.votes.address { figures.externalAddresses.append(address) }
        }
        figures.torrents = peers.torrentCount
        figures.peers = peers.peerCount
        figures.items = items.count
        figures.lookups = lookups.count
        figures.isServing = sides.keys.contains { isServing($0) }
        return figures
    }
}
