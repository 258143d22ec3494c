package import TorrentCore

/// A tracker's answer to an announce, every number in sane bounds.
package struct AnnounceResponse: Equatable, Sendable {
    /// Trackers that ask for less are not obliged: announcing costs them, and a hostile reply must
    /// not make us a source of load.
    package static let shortestInterval = Interval.seconds(30)
    /// Trackers that ask for more would lose us: peers usually expire after an hour or two.
    package static let longestInterval = Interval.seconds(3 * 3600)
    /// Where a tracker gives no interval at all: half an hour, as most do.
    package static let standardInterval = Interval.seconds(1800)
    /// How soon an early announce may follow where a tracker gives no `min interval`.
    package static let standardMinInterval = Interval.seconds(60)
    /// Most peers taken from one answer; ten times what is asked for leaves room for trackers
    /// that ignore the number, and bounds what a hostile one makes us keep.
    package static let peerLimit = 2000

    /// When to announce again.
    package var interval: Interval
    /// The soonest that an announce may follow; never above `interval`.
    package var minInterval: Interval
    /// Peers, in the tracker's order; those that can never be dialled (port zero, multicast,
    /// unspecified) are left out, as are host names.
    package var peers: [Endpoint]
    /// Peers that have everything; nil where not told.
    package var seeders: Int?
    /// Peers that do not; nil where not told.
    package var leechers: Int?
    /// To be sent with the next announces to this tracker.
    package var trackerID: [UInt8]?
    /// Something the user should know, though the announce worked.
    package var warning: String?
    /// Our address as the tracker sees it (BEP 24).
    package var externalAddress: IPAddress?

    /// An answer with intervals in seconds as the tracker gave them; they are clamped here.
    package init(
        intervalSeconds: Int64?, minIntervalSeconds: Int64? = nil, peers: [Endpoint],
        seeders: Int? = nil, leechers: Int? = nil, trackerID: [UInt8]? = nil,
        warning: String? = nil, externalAddress: IPAddress? = nil
    ) {
        let interval = intervalSeconds.map(Self.clamp) ?? Self.standardInterval
        let minInterval = minIntervalSeconds.map(Self.clamp) ?? Self.standardMinInterval
        // A min interval above the interval is obeyed by both, unless it is only our default.
        self.interval = minIntervalSeconds == nil ? interval : max(interval, minInterval)
        self.minInterval = min(minInterval, self.interval)
        self.peers = Array(peers.lazy.filter(Self.isDiallable).prefix(Self.peerLimit))
        self.seeders = seeders
        self.leechers = leechers
        self.trackerID = trackerID
        self.warning = warning
        self.externalAddress = externalAddress
    }

    /// Peers in the compact form, `stride` bytes each (BEP 23, BEP 7); a rest is ignored, and no
    /// more than `limit` are read.
    static func peers(
        compact bytes: Span<UInt8>, stride: Int, limit: Int = peerLimit
    ) -> [Endpoint] {
        var reader = ByteReader(bytes)
        var peers: [Endpoint] = []
        peers.reserveCapacity(min(bytes.count / stride, limit))
        while peers.count < limit, let entry = reader.readBytes(stride) {
            if let peer = Endpoint(compact: entry), isDiallable(peer) { peers.append(peer) }
        }
        return peers
    }

    static func isDiallable(_ peer: Endpoint) -> Bool {
        peer.port != 0 && !peer.address.isUnroutable
    }

    static func clamp(_ seconds: Int64) -> Interval {
        // Clamped as a number first: a hostile one must not overflow the nanoseconds.
        let bounded = min(max(0, seconds), Int64(longestInterval.seconds))
        return max(shortestInterval, .seconds(Double(bounded)))
    }
}
