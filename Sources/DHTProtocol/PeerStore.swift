import TorrentCore

/// The peers that have announced themselves to us, by torrent (BEP 5).
struct PeerStore {
    /// Peers announce themselves about every 15 minutes; twice that, and a little for a lost datagram.
    static let lifetime = Interval.seconds(35 * 60)
    /// Torrents that are kept; a node of the public DHT is close to a few hundred.
    static let torrentLimit = 2000
    /// Peers that are kept of a torrent: several answers full of them.
    static let peersPerTorrent = 200
    /// Peers of a torrent at one address: machines that share it, each with its own port.
    static let peersPerAddress = 16
    /// Announces of all torrents from one address: a seedbox has many, a flood has more.
    static let entriesPerAddress = 200

    private var torrents: [SHA1Digest: [StoredPeer]] = [:]
    private var entriesByAddress: [AddressKey: Int] = [:]

    /// How many torrents are known.
    var torrentCount: Int { torrents.count }

    /// How many peers are known.
    var peerCount: Int { torrents.values.reduce(0) { $0 + $1.count } }

    /// A peer has announced itself. False where there is no room for it.
    mutating func insert(
        _ endpoint: Endpoint, isSeed: Bool, for infoHash: SHA1Digest, now: Timestamp
    ) -> Bool {
        let expiry = now + Self.lifetime
        if let known = torrents[infoHash]?.firstIndex(where: { $0.endpoint == endpoint }) {
            torrents[infoHash]?[known] = StoredPeer(
                endpoint: endpoint, isSeed: isSeed, expiry: expiry)
            return true
        }
        let key = AddressKey(endpoint)
        guard entriesByAddress[key, default: 0] < Self.entriesPerAddress else { return false }
        if torrents[infoHash] == nil, torrents.count >= Self.torrentLimit { dropSmallest() }
        let neighbours = torrents[infoHash, default: []].count { AddressKey($0.endpoint) == key }
        if neighbours >= Self.peersPerAddress {
            dropOldest(of: infoHash) { AddressKey($0.endpoint) == key }
        } else if torrents[infoHash, default: []].count >= Self.peersPerTorrent {
            dropOldest(of: infoHash) { _ in true }
        }
        torrents[infoHash, default: []].append(
            StoredPeer(endpoint: endpoint, isSeed: isSeed, expiry: expiry))
        entriesByAddress[key, default: 0] += 1
        return true
    }

    /// The peers of a torrent that are there still.
    func peers(of infoHash: SHA1Digest, now: Timestamp) -> [StoredPeer] {
        torrents[infoHash]?.filter { $0.expiry > now } ?? []
    }

    /// Some of the torrents (BEP 51).
    func sample(
        _ count: Int, random: inout some RandomNumberGenerator
    ) -> [SHA1Digest] {
        Array(torrents.keys.shuffled(using: &random).prefix(count))
    }

    /// Lets go of peers that have not come back.
    mutating func expire(now: Timestamp) {
        for (infoHash, peers) in torrents where peers.contains(where: { $0.expiry <= now }) {
            for peer in peers where peer.expiry <= now { release(peer) }
            let left = peers.filter { $0.expiry > now }
            torrents[infoHash] = left.isEmpty ? nil : left
        }
    }

    private mutating func release(_ peer: StoredPeer) {
        let key = AddressKey(peer.endpoint)
        let count = entriesByAddress[key, default: 0] - 1
        entriesByAddress[key] = count > 0 ? count : nil
    }

    private mutating func dropOldest(
        of infoHash: SHA1Digest, where isCandidate: (StoredPeer) -> Bool
    ) {
        guard let peers = torrents[infoHash] else { return }
        let candidates = peers.indices.filter { isCandidate(peers[$0]) }
        guard let oldest = candidates.min(by: { peers[$0].expiry < peers[$1].expiry }) else {
            return
        }
        release(peers[oldest])
        torrents[infoHash]?.remove(at: oldest)
    }

    /// Whoever invents torrents has one peer for each.
    private mutating func dropSmallest() {
        let smallest = torrents.min { left, right in
            (left.value.count, left.value.last?.expiry ?? .zero)
                < (right.value.count, right.value.last?.expiry ?? .zero)
        }
        guard let smallest else { return }
        for peer in smallest.value { release(peer) }
        torrents[smallest.key] = nil
    }
}
