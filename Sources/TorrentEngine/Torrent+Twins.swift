import PeerProtocol
import Swarm
import TorrentCore

/// Peers that say at what address of the other family they are (`ipv4` and `ipv6`, BEP 10).
extension Torrent {
    /// Takes up what a peer says of its other address, so that it can be dialled there when it cannot
    /// be here; where we are connected to both, one connection goes. A private torrent's peers are
    /// the tracker's to name (BEP 27), and a seed has nothing for another.
    func noteTwin(of connection: PeerConnection, now: Timestamp) {
        guard !isPrivate, !isStopping, connection.isAccepted,
            let endpoint = connection.listenEndpoint,
            let other = connection.machine.twin(of: endpoint),
            !isComplete || !connection.machine.isUploadOnly
        else { return }
        guard
            let twin = connections.values.first(where: {
                $0.isAccepted && $0.listenEndpoint == other
                    && $0.machine.remoteHandshake?.peerID
                        == connection.machine.remoteHandshake?.peerID
                    && $0.machine.twin(of: other) == endpoint
            })
        else {
            peerList.add(other, sameAs: endpoint, now: now)
            isDialDue = true
            return
        }
        peerList.join(endpoint, other)
        // One of the two sides ends one of them, or each might end the other's.
        guard let peerID = connection.machine.remoteHandshake?.peerID,
            peerID.bytes.lexicographicallyPrecedes(context.peerID.bytes)
        else { return }
        let isYounger = connection.acceptedAt ?? now > twin.acceptedAt ?? now
        let closed = isYounger ? connection : twin
        closed.wasUseful = true
        closed.close("connected already at its other address", now: now)
    }

    /// A peer is of no use, wherever it is.
    func forgetTwin(of connection: PeerConnection) {
        guard let endpoint = connection.listenEndpoint,
            let other = connection.machine.twin(of: endpoint)
        else { return }
        peerList.withdraw(other, namedBy: endpoint.address)
    }
}
