import PeerProtocol
import Reactor
import Swarm
import TorrentCore

/// Peers that tell of each other (BEP 11).
extension Torrent {
    /// Whether peers may be told of each other. While only the infohash is known the torrent may
    /// turn out to be private: till then we listen, and say nothing.
    private var tellsOfPeers: Bool { metainfo != nil && !isPrivate && !isStopping }

    /// Tells each peer whose time has come whom we are connected to.
    func tellOfPeers(now: Timestamp) {
        guard tellsOfPeers else { return }
        let due = connections.values.filter {
            $0.exchange.nextSend <= now && $0.machine.supportsPeerExchange
        }
        guard !due.isEmpty else { return }
        let contacts = connections.values.compactMap(contact(of:))
        for connection in due {
            let receiver = connection.listenEndpoint ?? connection.endpoint
            guard
                let message = connection.exchange.nextMessage(contacts, to: receiver, now: now)
            else { continue }
            connection.machine.sendPeerExchange(message)
            connection.scheduleFlush()
        }
    }

    /// A peer as others are told of it; nil where it has not said where it listens.
    private func contact(of connection: PeerConnection) -> PeerExchangeContact? {
        guard connection.isAccepted, let endpoint = connection.listenEndpoint else { return nil }
        var flags: PeerExchangeContact.Flags = connection.isOutgoing ? .reachable : []
        if connection.machine.isUploadOnly || swarm?.isSeed(connection.key) == true {
            flags.insert(.seed)
        }
        if connection.machine.supportsHolepunch { flags.insert(.holepunch) }
        return PeerExchangeContact(endpoint, flags: flags)
    }

    /// A peer tells of others.
    func exchangeReceived(
        _ message: PeerExchangeMessage, from connection: PeerConnection, now: Timestamp
    ) {
        guard !isPrivate, !isStopping else { return }
        let sender = connection.endpoint.address
        let believed: PeerExchangeMessage
        do throws(PeerCloseReason) {
            believed = try connection.exchange.received(message, from: sender, now: now)
        } catch {
            connection.close(error.description, now: now)
            return
        }
        for endpoint in believed.dropped { peerList.withdraw(endpoint, namedBy: sender) }
        // A seed has nothing for another.
        let wanted = believed.added.filter { !isComplete || !$0.flags.contains(.seed) }
        guard !wanted.isEmpty else { return }
        noteRelay(connection, of: wanted)
        peerList.add(wanted.lazy.map(\.endpoint), source: .gossip, namer: sender, now: now)
        isDialDue = true
    }

    /// The metadata says that only trackers may name peers (BEP 27): those that others named, or a
    /// magnet link, go, and nothing more is exchanged.
    func dropGossip(now: Timestamp) {
        let gossip = peerList.withdrawGossip()
        for connection in Array(connections.values) {
            connection.machine.endPeerExchange()
            connection.scheduleFlush()
            guard let endpoint = connection.listenEndpoint, gossip.contains(endpoint) else {
                continue
            }
            connection.close("the torrent is private, and no tracker named it", now: now)
        }
    }
}
