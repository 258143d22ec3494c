import PeerProtocol
import Swarm
import TorrentCore

/// Introductions between peers that cannot dial each other (BEP 55).
extension Torrent {
    /// A dial that nothing has answered by then is to somebody behind an address translator, mostly:
    /// who has a port open answers within a round trip, or two if a packet is lost.
    private static let patience = Interval.seconds(1.5)

    /// A peer wants an introduction, or gives one.
    func holepunchReceived(
        _ message: HolepunchMessage, from connection: PeerConnection, now: Timestamp
    ) {
        guard !isPrivate, !isStopping else { return }
        let actions = holepunch.received(
            message, from: holepunchPeer(connection), now: now,
            isSelf: { $0.address.isLoopback && $0.port == context.listenPort },
            find: { endpoint in
                connections.values.first {
                    $0.isAccepted && ($0.listenEndpoint == endpoint || $0.endpoint == endpoint)
                }
                .map(holepunchPeer)
            })
        for action in actions { run(action, namer: connection.endpoint.address, now: now) }
    }

    /// Remembers who can introduce us to the peers that it named.
    func noteRelay(_ connection: PeerConnection, of contacts: [PeerExchangeContact]) {
        guard connection.machine.supportsHolepunch else { return }
        let others = contacts.lazy.filter { $0.flags.contains(.holepunch) }.map(\.endpoint)
        holepunch.named(others, by: connection.key.rawValue)
    }

    /// A dial came to nothing: whoever named the peer may introduce us.
    func askForIntroduction(to endpoint: Endpoint, now: Timestamp) {
        guard !isPrivate, !isStopping, let key = holepunch.takeRelay(for: endpoint),
            let relay = connections[PeerKey(key)], relay.isAccepted,
            let action = holepunch.dialFailed(endpoint, relay: holepunchPeer(relay), now: now)
        else { return }
        run(action, namer: relay.endpoint.address, now: now)
    }

    /// Asks for introductions to those who have not answered so far. What is sent to them meanwhile
    /// has our own address translator let their packets in.
    func askForIntroductions(now: Timestamp) {
        guard holepunch.hasRelays else { return }
        for connection in connections.values
        where connection.isConnecting(for: Self.patience, now: now) {
            askForIntroduction(to: connection.endpoint, now: now)
        }
    }

    /// Whether the peer at the address dials us at the same time, over uTP.
    func isIntroduced(_ endpoint: Endpoint, now: Timestamp) -> Bool {
        introductions.removeValue(forKey: endpoint).map { $0 > now } ?? false
    }

    private func run(_ action: Holepunch.Action, namer: IPAddress, now: Timestamp) {
        switch action {
        case .send(let peer, let message):
            guard let connection = connections[PeerKey(peer)] else { return }
            connection.machine.sendHolepunch(message)
            connection.scheduleFlush()
        case .dial(let endpoint):
            // One that is being dialled is dialled over uTP as well.
            peerList.add([endpoint], source: .gossip, namer: namer, now: now)
            introductions = introductions.filter { $0.value > now }
            introductions[endpoint] = now + Holepunch.patience
            peerList.dialSoon(endpoint, now: now)
            isDialDue = true
        }
    }

    /// A peer, under the address at which others reach it, where that is known: introductions name it
    /// so. Packets of uTP come from the port at which they are accepted, as address translators show
    /// it; who called over TCP has to say where.
    private func holepunchPeer(_ connection: PeerConnection) -> Holepunch.Peer {
        let isShown = connection.isOutgoing || connection.transport.isUTP
        return Holepunch.Peer(
            key: connection.key.rawValue,
            endpoint: isShown
                ? connection.endpoint : connection.listenEndpoint ?? connection.endpoint,
            isSupporting: connection.machine.supportsHolepunch)
    }
}
