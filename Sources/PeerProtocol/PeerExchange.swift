package import TorrentCore

/// What is exchanged about peers with one of them, in both directions (BEP 11): when to tell it of
/// whom, and what to believe of what it tells.
///
/// What a peer tells is taken for nothing but a hint: it is bounded by message and by time, and
/// nobody can have us dial into networks that they are not in themselves.
package struct PeerExchange: Sendable {
    /// The least time between two messages (BEP 11).
    package static let interval = Interval.seconds(60)
    /// The first message waits this long after the connection opened, so that it tells of peers
    /// that came together with this one: the next is due a minute later.
    package static let firstDelay = Interval.seconds(1)
    /// How soon it is looked again whether there is something to tell.
    static let retryDelay = Interval.seconds(2)
    /// The most that a message adds, and the most that it drops (BEP 11).
    package static let contactLimit = 50
    /// The most that the first message of a peer adds: BEP 11 sets no limit to it, and libtorrent
    /// sends a hundred.
    package static let firstContactLimit = 100
    /// Messages that may come at once: a client that counts its minutes from its own start sends
    /// two in short order...
    private static let burst = 3.0
    /// ...and a second after that: one an interval, a sixth earlier for slow clocks.
    private static let rate = 1 / 50.0
    /// Messages beyond that, which are ignored, before the connection is closed.
    private static let surplusLimit = 10
    /// Addresses of the internet that one peer may have named and not dropped: what a client with
    /// ten times the usual number of connections would.
    private static let namedLimit = 1000
    /// Ports below are those of other services, at which nobody should be able to aim us.
    private static let lowestPort: UInt16 = 1024

    /// When `nextMessage` is to be called next.
    package private(set) var nextSend: Timestamp
    private var told: Set<Endpoint> = []

    private var messages: TokenBucket
    private var surplus = 0
    private var hasReceived = false
    /// Addresses of the internet that the peer has named; each counts once, at whatever port.
    private var named: Set<IPAddress> = []

    /// A peer that has just shaken hands.
    package init(now: Timestamp) {
        nextSend = now + Self.firstDelay
        messages = TokenBucket(rate: Self.rate, burst: Self.burst, now: now)
    }

    /// What to tell the peer at `receiver` now; nil where that is nothing, or where it is too early.
    ///
    /// - Parameter contacts: everybody whom we are connected to, and where they can be reached.
    package mutating func nextMessage(
        _ contacts: [PeerExchangeContact], to receiver: Endpoint, now: Timestamp
    ) -> PeerExchangeMessage? {
        guard now >= nextSend else { return nil }
        nextSend = now + Self.retryDelay
        var message = PeerExchangeMessage()
        var current: Set<Endpoint> = []
        for contact in contacts {
            let endpoint = contact.endpoint
            guard endpoint != receiver, Self.concerns(endpoint, receiver.address),
                current.insert(endpoint).inserted
            else { continue }
            if message.added.count < Self.contactLimit, !told.contains(endpoint) {
                message.added.append(contact)
            }
        }
        // In order, so that the same events always make the same bytes.
        message.dropped = Array(
            told.subtracting(current)
                .sorted { $0.compactBytes.lexicographicallyPrecedes($1.compactBytes) }
                .prefix(Self.contactLimit))
        guard !message.isEmpty else { return nil }
        told.formUnion(message.added.lazy.map(\.endpoint))
        told.subtract(message.dropped)
        nextSend = now + Self.interval
        return message
    }

    /// What is believed of a message from the peer at `sender`. Throws where it sent far more
    /// messages than BEP 11 allows.
    package mutating func received(
        _ message: PeerExchangeMessage, from sender: IPAddress, now: Timestamp
    ) throws(PeerCloseReason) -> PeerExchangeMessage {
        guard messages.take(now: now) else {
            surplus += 1
            guard surplus <= Self.surplusLimit else { throw .peerExchangeFlood }
            return PeerExchangeMessage()
        }
        let limit = hasReceived ? Self.contactLimit : Self.firstContactLimit
        hasReceived = true
        var believed = PeerExchangeMessage()
        for contact in message.added.prefix(limit) {
            let address = contact.endpoint.address
            guard contact.endpoint.port >= Self.lowestPort,
                Self.concerns(contact.endpoint, sender),
                address.scope != .global
                    || (named.count < Self.namedLimit && named.insert(address).inserted)
            else { continue }
            believed.added.append(contact)
        }
        believed.dropped = Array(message.dropped.prefix(limit))
        for endpoint in believed.dropped { named.remove(endpoint.address) }
        return believed
    }

    /// Whether a peer can know the other from its own network, and dial it there: addresses of a
    /// network mean nothing outside, and naming them would tell of its inside.
    private static func concerns(_ endpoint: Endpoint, _ peer: IPAddress) -> Bool {
        endpoint.address.scope >= peer.scope
    }
}
