package import TorrentCore

/// When to tell the local network of which torrents, and what to believe of what it tells
/// (BEP 14).
package struct LocalDiscovery: Sendable {
    /// A torrent is announced this often (BEP 14).
    package static let interval = Interval.seconds(300)
    /// The least time between two announcements (BEP 14). Also when a torrent is announced for the
    /// second time: the first datagram may be lost.
    package static let spacing = Interval.seconds(60)
    /// Datagrams that are read at once, and a second after that: a rack of a thousand machines
    /// sends far less, and reading this many costs nothing to speak of.
    private static let burst = 200.0
    private static let rate = 20.0

    private let port: UInt16
    private let cookie: String
    /// When each torrent is announced next.
    private var due: [SHA1Digest: Timestamp] = [:]
    private var wasAnnounced: Set<SHA1Digest> = []
    private var nextSend = Timestamp.zero
    private var datagrams: TokenBucket

    /// Nothing is announced yet.
    ///
    /// - Parameters:
    ///   - port: where we accept connections.
    ///   - seed: of the mark by which we know our own announcements again.
    package init(port: UInt16, seed: UInt64, now: Timestamp) {
        self.port = port
        cookie = String(UInt32(truncatingIfNeeded: seed), radix: 16)
        datagrams = TokenBucket(rate: Self.rate, burst: Self.burst, now: now)
    }

    /// What to announce now, of the torrents that may be announced; nil where nothing is due. In
    /// order of urgency, where there are more than a datagram holds.
    package mutating func nextAnnouncement(
        of infoHashes: Set<SHA1Digest>, now: Timestamp
    ) -> LocalAnnouncement? {
        due = due.filter { infoHashes.contains($0.key) }
        wasAnnounced.formIntersection(infoHashes)
        for hash in infoHashes where due[hash] == nil { due[hash] = now }
        guard now >= nextSend else { return nil }
        let chosen =
            due.filter { $0.value <= now }
            .sorted { ($0.value, $0.key.description) < ($1.value, $1.key.description) }
            .prefix(LocalAnnouncement.infoHashLimit).map(\.key)
        guard !chosen.isEmpty else { return nil }
        for hash in chosen {
            let isFirst = wasAnnounced.insert(hash).inserted
            due[hash] = now + (isFirst ? Self.spacing : Self.interval)
        }
        nextSend = now + Self.spacing
        return LocalAnnouncement(port: port, infoHashes: chosen, cookie: cookie)
    }

    /// The network is there again: all is to be announced anew, to whoever is there now.
    package mutating func networkReturned(now: Timestamp) {
        due = [:]
        nextSend = now
    }

    /// A datagram from the network: the torrents that it names, and where their peer is. Nil for
    /// our own, for what is malformed, and for what comes too fast.
    package mutating func received(
        _ datagram: [UInt8], from sender: IPAddress, now: Timestamp
    ) -> (infoHashes: [SHA1Digest], peer: Endpoint)? {
        guard datagrams.take(now: now), !sender.isUnroutable, !sender.isLinkLocalV6,
            let announcement = LocalAnnouncement(parsing: datagram),
            announcement.cookie != cookie
        else { return nil }
        return (announcement.infoHashes, Endpoint(address: sender, port: announcement.port))
    }
}
