import Metainfo
import PeerProtocol
import PieceStorage
import Reactor
import Swarm
import TorrentCore

/// Hashes of Merkle trees for peers (BEP 52).
extension Torrent {
    /// Peers of a hybrid's v2 swarm that are kept in mind: as many as trackers name in a while.
    private static let v2PeerLimit = 4096

    /// One request of a peer is looked up at a time: to hash a piece for it costs milliseconds, which
    /// must not be had for 48 bytes each as often as anybody likes. Those that wait are few.
    func answerHashes(_ connection: PeerConnection) {
        guard !connection.isFindingHashes, let request = connection.machine.nextHashRequest else {
            return
        }
        guard let store, sources.isUploadEnabled, !connection.isOverfull else {
            connection.machine.rejectHashes(request)
            connection.scheduleFlush()
            return answerHashes(connection)
        }
        connection.isFindingHashes = true
        let (id, mailbox, peer) = (self.id, context.mailbox, connection.key)
        store.hashes(for: request) { mailbox.post(.hashesFound(id, peer, request, $0)) }
    }

    /// Hashes for a peer are there, or not to be had.
    func hashesFound(
        _ request: HashRequest, _ hashes: [UInt8]?, for peer: PeerKey, now: Timestamp
    ) {
        guard let connection = connections[peer] else { return }
        connection.isFindingHashes = false
        if let hashes {
            connection.machine.sendHashes(request, hashes, now: now)
        } else {
            connection.machine.rejectHashes(request)
        }
        connection.scheduleFlush()
        answerHashes(connection)
    }

    /// How many requests get all of a hybrid's piece layers; zero of other torrents. Linear in the
    /// number of files, once.
    func findLayerRequestCount() -> Int {
        if let layerRequestCount { return layerRequestCount }
        guard identity.v1 != nil, identity.v2 != nil, let layout = metainfo?.info.layout else {
            return 0
        }
        let count = layout.layerRequestCount
        layerRequestCount = count
        return count
    }

    // MARK: - The two swarms of a hybrid

    /// Notes who was named for the v2 hash of a hybrid: a client that knows no other would not
    /// answer to the v1 hash.
    func noteV2Peers(_ endpoints: [Endpoint], namedFor hash: SHA1Digest) {
        guard identity.v1 != nil, hash == identity.v2?.truncated else { return }
        if v2Peers.count + endpoints.count > Self.v2PeerLimit { v2Peers = [] }
        v2Peers.formUnion(endpoints.prefix(Self.v2PeerLimit))
    }

    /// The hash that a peer is dialled by.
    func dialHash(for endpoint: Endpoint) -> SHA1Digest {
        guard let v2 = identity.v2, v2Peers.contains(endpoint) else {
            return identity.handshakeHash
        }
        return v2.truncated
    }
}
