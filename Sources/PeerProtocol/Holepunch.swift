package import TorrentCore

/// Decides about introductions (BEP 55), in all three roles: whom to ask for one, whom to give
/// one, and which one to follow.
///
/// An introduction makes others send datagrams to an address that somebody names: so nobody gets
/// or follows more than a few a minute, and none leads into a network that the one who names it is
/// not in.
package struct Holepunch: Sendable {
    /// A connected peer, as its owner knows it.
    package struct Peer: Equatable, Sendable {
        /// The owner's number for it.
        package let key: UInt32
        /// Its address as others can reach it, if at all.
        package let endpoint: Endpoint
        /// Whether it takes part in holepunching.
        package let isSupporting: Bool

        /// A peer.
        package init(key: UInt32, endpoint: Endpoint, isSupporting: Bool) {
            self.key = key
            self.endpoint = endpoint
            self.isSupporting = isSupporting
        }
    }

    /// What to do.
    package enum Action: Equatable, Sendable {
        /// Send a peer a message.
        case send(peer: UInt32, HolepunchMessage)
        /// Dial by uTP, without the usual back-off: the other side does the same now.
        case dial(Endpoint)
    }

    /// Introductions that one peer may ask for, or tell us to follow, at once...
    private static let burst = 10.0
    /// ...and a second after that: one each ten seconds.
    private static let rate = 0.1
    /// An introduction that we asked for is followed this long: a round trip to two peers.
    package static let patience = Interval.seconds(20)
    /// Introductions that we wait for at once.
    private static let pendingLimit = 50
    /// Peers of which it is remembered who can introduce us to them.
    private static let relayLimit = 500

    private var allowances: [UInt32: TokenBucket] = [:]
    /// What we asked for: the peer that is to introduce us, and how long.
    private var pending: [Endpoint: (relay: UInt32, until: Timestamp)] = [:]
    /// Who named peers that take part, by their address.
    private var relays: [Endpoint: UInt32] = [:]

    /// No introductions.
    package init() {}

    /// A connected peer that takes part has named others that do (BEP 11 has a flag for it).
    package mutating func named(_ endpoints: some Sequence<Endpoint>, by relay: UInt32) {
        for endpoint in endpoints where relays.count < Self.relayLimit || relays[endpoint] != nil {
            relays[endpoint] = relay
        }
    }

    /// Whether anybody is known who could introduce us.
    package var hasRelays: Bool { !relays.isEmpty }

    /// Who can introduce us to the peer at an endpoint; told once.
    package mutating func takeRelay(for endpoint: Endpoint) -> UInt32? {
        relays.removeValue(forKey: endpoint)
    }

    /// Dialling failed, and this connected peer knows the other one (BEP 11 names it with the flag):
    /// asks it for an introduction. Nothing where one is under way.
    package mutating func dialFailed(
        _ endpoint: Endpoint, relay: Peer, now: Timestamp
    ) -> Action? {
        pending = pending.filter { $0.value.until > now }
        guard relay.isSupporting, pending[endpoint] == nil, pending.count < Self.pendingLimit
        else { return nil }
        pending[endpoint] = (relay.key, now + Self.patience)
        return .send(peer: relay.key, .rendezvous(endpoint))
    }

    /// A connected peer sent a message. `find` gives the peer that is connected at an endpoint,
    /// and `isSelf` tells our own.
    package mutating func received(
        _ message: HolepunchMessage, from sender: Peer, now: Timestamp,
        isSelf: (Endpoint) -> Bool, find: (Endpoint) -> Peer?
    ) -> [Action] {
        // Who does not take part is ignored (BEP 55).
        guard sender.isSupporting else { return [] }
        switch message {
        case .failed(let endpoint, _):
            if pending[endpoint]?.relay == sender.key { pending[endpoint] = nil }
            return []
        case .rendezvous(let endpoint):
            guard takeToken(of: sender.key, now: now) else { return [] }
            return introduce(sender, to: endpoint, isSelf: isSelf, find: find)
        case .connect(let endpoint):
            if pending[endpoint]?.relay == sender.key {
                pending[endpoint] = nil
            } else {
                guard takeToken(of: sender.key, now: now) else { return [] }
            }
            guard isUsable(endpoint), endpoint.address.scope >= sender.endpoint.address.scope,
                !isSelf(endpoint), find(endpoint) == nil
            else { return [] }
            return [.dial(endpoint)]
        }
    }

    /// A connection ended.
    package mutating func disconnected(_ peer: UInt32) {
        allowances[peer] = nil
        pending = pending.filter { $0.value.relay != peer }
        if !relays.isEmpty { relays = relays.filter { $0.value != peer } }
    }

    private func introduce(
        _ sender: Peer, to endpoint: Endpoint, isSelf: (Endpoint) -> Bool,
        find: (Endpoint) -> Peer?
    ) -> [Action] {
        let failure: HolepunchMessage.Failure
        if !isUsable(endpoint) {
            failure = .noSuchPeer
        } else if isSelf(endpoint) {
            failure = .noSelf
        } else if let target = find(endpoint) {
            // Neither learns of a network that it is not in.
            let scopes = (sender.endpoint.address.scope, target.endpoint.address.scope)
            if target.isSupporting, target.key != sender.key, scopes.0 == scopes.1,
                sender.endpoint.address.isV6 == target.endpoint.address.isV6
            {
                return [
                    .send(peer: target.key, .connect(sender.endpoint)),
                    .send(peer: sender.key, .connect(endpoint)),
                ]
            }
            failure = .noSupport
        } else {
            failure = .notConnected
        }
        return [.send(peer: sender.key, .failed(endpoint, failure))]
    }

    private func isUsable(_ endpoint: Endpoint) -> Bool {
        endpoint.port != 0 && !endpoint.address.isUnroutable
    }

    private mutating func takeToken(of peer: UInt32, now: Timestamp) -> Bool {
        allowances[peer, default: TokenBucket(rate: Self.rate, burst: Self.burst, now: now)]
            .take(now: now)
    }
}
