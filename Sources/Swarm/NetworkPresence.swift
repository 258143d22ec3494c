package import TorrentCore

/// Whether this machine can reach anybody but itself, as far as its own network interfaces tell: a
/// peer that does not answer is no reason to think otherwise.
///
/// The network is there while an interface is up, has a link and has an address that others can call.
/// It counts as gone when it has been away for `patience`.
package struct NetworkPresence: Sendable {
    /// One network interface.
    package struct Interface: Sendable {
        /// Whether it is up and its link is (a cable, an access point, the other end of a tunnel).
        package var hasLink: Bool
        /// Its addresses of both families.
        package var addresses: [IPAddress]

        /// An interface as the kernel describes it.
        package init(hasLink: Bool, addresses: [IPAddress]) {
            self.hasLink = hasLink
            self.addresses = addresses
        }

        /// Whether others may be reached over it. Each IPv6 interface that is up has a link-local
        /// address (fe80::/10), which no peer can be called at: that alone is no network.
        var leadsOut: Bool {
            hasLink && addresses.contains { !$0.isLoopback && !$0.isLinkLocalV6 }
        }
    }

    /// What has become of the network.
    package enum Change: Equatable, Sendable {
        case gone, back
    }

    /// Longer than a change of the access point or a renewed address takes, and short enough for
    /// whoever waits.
    package static let patience = Interval.seconds(3)

    /// Whether the network counts as gone.
    package private(set) var isGone = false
    private var lostAt: Timestamp?

    /// A machine with a network.
    package init() {}

    /// The interfaces are like this now.
    package mutating func update(_ interfaces: [Interface], now: Timestamp) -> Change? {
        guard interfaces.contains(where: \.leadsOut) else {
            lostAt = lostAt ?? now
            return timerFired(now: now)
        }
        lostAt = nil
        guard isGone else { return nil }
        isGone = false
        return .back
    }

    /// Looks whether the network has been away for long enough.
    package mutating func timerFired(now: Timestamp) -> Change? {
        guard !isGone, let lostAt, now >= lostAt + Self.patience else { return nil }
        isGone = true
        return .gone
    }

    /// When `timerFired` is to be called; nil where only changes matter.
    package var nextDeadline: Timestamp? { isGone ? nil : lostAt.map { $0 + Self.patience } }
}
