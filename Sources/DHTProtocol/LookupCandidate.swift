import TorrentCore

/// A node that a lookup has heard of.
struct LookupCandidate {
    enum State: Equatable {
        /// Not asked yet.
        case fresh
        /// Asked a moment ago.
        case asked
        /// Asked, and late: others are asked meanwhile.
        case late
        /// It has answered; the token is for the announce.
        case answered(token: [UInt8]?)
        /// It has not answered, or wrongly, or whoever named it is not believed any more.
        case dropped
    }

    /// Nil for one of which only the endpoint is known (a bootstrap node).
    var id: NodeID?
    let endpoint: Endpoint
    /// Whether its ID follows from its address (BEP 42).
    var isVerified: Bool
    /// Who named it; nil where we knew it.
    let referrer: AddressKey?
    var state = State.fresh
    /// Whether it gave the item that is looked for, or a newer one of the same owner (BEP 44).
    var sequence: Int64?

    init(_ contact: NodeContact, referrer: AddressKey?) {
        id = contact.id
        endpoint = contact.endpoint
        isVerified = contact.id.isValid(for: contact.endpoint.address)
        self.referrer = referrer
    }

    init(unknownAt endpoint: Endpoint) {
        id = nil
        self.endpoint = endpoint
        isVerified = true
        referrer = nil
    }

    var contact: NodeContact? { id.map { NodeContact(id: $0, endpoint: endpoint) } }
}
