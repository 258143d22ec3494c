package import TorrentCore

/// A peer that has an address of each family (BEP 10) is one peer: only one of them is dialled.
extension PeerList {
    /// The peer that is connected at `endpoint` says that it can be dialled at `other` too, of the
    /// other family. It is believed once, and at its own cost only: an address that nobody else names
    /// is dialled while there is no connection to `endpoint`, and counts in the share of the peer that
    /// named it. One that is known already stays as it is; then `endpoint` is not dialled while there
    /// is a connection to `other`.
    package mutating func add(_ other: Endpoint, sameAs endpoint: Endpoint, now: Timestamp) {
        guard let first = positions[endpoint], candidates[first].twin == nil, other != endpoint,
            other.address.isV6 != endpoint.address.isV6,
            other.address.scope >= endpoint.address.scope
        else { return }
        let wasKnown = contains(other)
        add([other], source: .gossip, namer: endpoint.address, now: now)
        guard let first = positions[endpoint], let second = positions[other] else { return }
        candidates[first].twin = other
        if !wasKnown { candidates[second].twin = endpoint }
    }

    /// Both addresses belong to one peer, as connections to both have said: neither is dialled while
    /// there is a connection to the other.
    package mutating func join(_ endpoint: Endpoint, _ other: Endpoint) {
        guard let first = positions[endpoint], let second = positions[other] else { return }
        candidates[first].twin = other
        candidates[first].isTwinCertain = true
        candidates[second].twin = endpoint
        candidates[second].isTwinCertain = true
    }

    /// Whether the candidate may be dialled when its time has come.
    func isWaiting(_ candidate: Candidate) -> Bool {
        guard candidate.state == .idle else { return false }
        guard let twin = candidate.twin, let index = positions[twin] else { return true }
        return candidates[index].state == .idle
    }
}
