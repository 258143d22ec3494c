import DHTProtocol
import PeerProtocol
import Reactor
import Swarm
import TorrentCore

/// Peers from the DHT (BEP 5). A private torrent is not looked for there, nor told of (BEP 27).
extension Torrent {
    /// Looks for peers; where the torrent is served, others are told so. To be called again when
    /// either changes.
    func searchDHT(now: Timestamp) {
        guard !isPrivate, !isStopping, let dht = context.dht else { return }
        dht.search(
            identity.announcedHashes, isAnnounced: sources.isUploadEnabled && swarm != nil,
            isSeed: isComplete, now: now)
    }

    /// Looks no more, also not for what was meant before the metadata told the rest.
    func endDHTSearch(now: Timestamp) {
        context.dht?.endSearch(identity.announcedHashes, now: now)
    }

    /// Looks for more peers soon: a read waits.
    func hurryDHT(now: Timestamp) {
        guard !isPrivate else { return }
        context.dht?.hurry(identity.announcedHashes, now: now)
    }

    /// The DHT has named peers.
    func foundByDHT(_ endpoints: [Endpoint], now: Timestamp) {
        guard !isPrivate else { return }
        addPeers(endpoints, source: .gossip, now: now)
    }
}
