package import TorrentCore

/// Speaks the UDP tracker protocol with one endpoint, for all torrents that use it (BEP 15, 41, 7).
///
/// A connection id is fetched when the first request needs one and shared while it is valid. Each
/// request keeps its random transaction id over all its retransmissions, so that a late answer to
/// an early copy counts. A request ends in exactly one of `announced`, `scraped` and `failed`,
/// unless it is cancelled.
package struct UDPTrackerStateMachine: Sendable {
    /// How long a connection id may be used after it came (BEP 15).
    package static let connectionLifetime = Interval.seconds(60)
    /// The waits after each copy of a datagram. The first is short, because a lost datagram must
    /// not hold up the first read of a mount by 15 seconds; the second copy's wait ends where
    /// BEP 15's first (15 s) does, and the third's where its second (15 s + 30 s) does. Then the
    /// request fails, and `AnnounceStateMachine` turns to other trackers before it comes back.
    package static let retransmissionWaits: [Interval] = [.seconds(4), .seconds(11), .seconds(30)]
    /// The same for `stopped`, which has to be through before the process ends.
    package static let stoppedRetransmissionWaits: [Interval] = [
        .seconds(0.7), .seconds(1), .seconds(1.3),
    ]
    /// Most requests that wait at once; a session has fewer torrents than this on one tracker.
    package static let requestLimit = 1024

    enum Kind {
        case announce(AnnounceRequest, urlData: [UInt8])
        case scrape([SHA1Digest])
    }

    struct Exchange {
        let id: UDPTrackerRequestID
        let kind: Kind
        let transaction: UInt32
        /// Copies sent.
        var copies = 0
        /// When the wait for an answer to the last copy ends; nil where a copy is to be sent as
        /// soon as there is a connection.
        var deadline: Timestamp?
        /// Whether the connection was older than this request, so that an error may mean that the
        /// tracker has forgotten it.
        var usesOldConnection = false

        var isStopped: Bool {
            if case .announce(let request, _) = kind { request.event == .stopped } else { false }
        }

        var waits: [Interval] {
            isStopped
                ? UDPTrackerStateMachine.stoppedRetransmissionWaits
                : UDPTrackerStateMachine.retransmissionWaits
        }
    }

    enum Connection {
        case closed
        case opening(transaction: UInt32, copies: Int, deadline: Timestamp)
        case open(UInt64, since: Timestamp)
    }

    /// Where the tracker is; datagrams from elsewhere are ignored.
    package let endpoint: Endpoint
    var random: SeededRandom
    var connection = Connection.closed
    /// In order of arrival.
    var exchanges: [Exchange] = []
    var actions: [UDPTrackerAction] = []
    private var nextID: UInt64 = 0

    /// Knows nothing of the tracker yet. The transaction ids, which keep strangers from answering
    /// in its place, follow from `seed`: it must come from the system's generator.
    package init(endpoint: Endpoint, seed: UInt64) {
        self.endpoint = endpoint
        random = SeededRandom(seed: seed)
    }

    /// Asks for an announce. `urlData` is the URL's path and query (BEP 41).
    package mutating func announce(
        _ request: AnnounceRequest, urlData: [UInt8], now: Timestamp
    ) -> UDPTrackerRequestID {
        add(.announce(request, urlData: urlData), now: now)
    }

    /// Asks how torrents fare; the first 74 of `hashes` count (BEP 15).
    package mutating func scrape(_ hashes: [SHA1Digest], now: Timestamp) -> UDPTrackerRequestID {
        add(.scrape(Array(hashes.prefix(UDPTrackerMessage.scrapeLimit))), now: now)
    }

    /// Forgets a request: nothing more is sent or told of it.
    package mutating func cancel(_ id: UDPTrackerRequestID) {
        exchanges.removeAll { $0.id == id }
        stopConnectingIfIdle()
    }

    /// Whether nothing is under way.
    package var isIdle: Bool { exchanges.isEmpty }

    /// Whether the machine may be dropped without loss: nothing is under way, and the connection id
    /// is too old for another request.
    package func isSpent(now: Timestamp) -> Bool {
        guard isIdle else { return false }
        if case .open(_, let since) = connection { return now - since >= Self.connectionLifetime }
        return true
    }

    /// When `timerFired` is to be called; nil where nothing is under way.
    package var nextDeadline: Timestamp? {
        var deadlines = exchanges.compactMap(\.deadline)
        if case .opening(_, _, let deadline) = connection { deadlines.append(deadline) }
        return deadlines.min()
    }

    /// Retransmits what is due, and fails what has waited long enough.
    package mutating func timerFired(now: Timestamp) {
        if case .opening(let transaction, let copies, let deadline) = connection, deadline <= now {
            let waits = connectWaits
            if copies < waits.count {
                connection = .opening(
                    transaction: transaction, copies: copies + 1, deadline: now + waits[copies])
                send(UDPTrackerMessage.connect(transaction: transaction))
            } else {
                connection = .closed
                failWaiting(.timedOut)
            }
        }
        var expired: [UDPTrackerRequestID] = []
        for index in exchanges.indices {
            guard let deadline = exchanges[index].deadline, deadline <= now else { continue }
            if exchanges[index].copies < exchanges[index].waits.count {
                exchanges[index].deadline = nil
            } else {
                expired.append(exchanges[index].id)
            }
        }
        for id in expired { fail(id, .timedOut) }
        advance(now: now)
    }

    /// What is to be done, in order; empties the list.
    package mutating func takeActions() -> [UDPTrackerAction] {
        defer { actions = [] }
        return actions
    }

    private mutating func add(_ kind: Kind, now: Timestamp) -> UDPTrackerRequestID {
        let id = UDPTrackerRequestID(rawValue: nextID)
        nextID += 1
        guard exchanges.count < Self.requestLimit else {
            actions.append(.failed(id, .busy))
            return id
        }
        exchanges.append(Exchange(id: id, kind: kind, transaction: freshTransaction()))
        advance(now: now)
        return id
    }
}
