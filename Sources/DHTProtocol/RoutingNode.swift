import TorrentCore

/// A node of the routing table; it has answered at least once.
struct RoutingNode {
    /// How long an answer, or a question of one that has answered before, vouches for a node (BEP 5).
    static let goodTime = Interval.seconds(15 * 60)
    /// Questions in a row without an answer after which a node is bad: one may be lost.
    static let badFailures = 2

    let contact: NodeContact
    /// Whether its ID follows from its address (BEP 42).
    let isVerified: Bool
    /// The last answer, or the last question to us.
    var lastSeen: Timestamp
    /// Questions in a row that it has not answered.
    var failures = 0

    init(_ contact: NodeContact, now: Timestamp) {
        self.contact = contact
        isVerified = contact.id.isValid(for: contact.endpoint.address)
        lastSeen = now
    }

    var isBad: Bool { failures >= Self.badFailures }

    func isGood(_ now: Timestamp) -> Bool { failures == 0 && now - lastSeen < Self.goodTime }
}
