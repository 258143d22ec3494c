package import TorrentCore

/// A query's method and arguments, without the querier's ID.
package enum DHTQuery: Equatable, Sendable {
    /// Are you there? (BEP 5)
    case ping
    /// Which nodes are closest to this place? (BEP 5)
    case findNode(target: NodeID, want: WantedFamilies = [])
    /// Who has this torrent, or else which nodes are closest to it? (BEP 5, 33)
    case getPeers(
        infoHash: SHA1Digest, want: WantedFamilies = [], noSeeds: Bool = false,
        scrape: Bool = false)
    /// I have this torrent. Where the port is implied, that which the datagram comes from counts, and
    /// `port` is for nodes that do not know that (BEP 5, 33).
    case announcePeer(
        infoHash: SHA1Digest, port: UInt16, isPortImplied: Bool = false, token: [UInt8],
        isSeed: Bool = false)
    /// What is kept under this place? A mutable item only if it is newer than `sequence` (BEP 44).
    case get(target: NodeID, sequence: Int64? = nil, want: WantedFamilies = [])
    /// Keep this; a mutable item only in the place of that numbered `expected` (BEP 44).
    case put(DHTItem, expected: Int64? = nil, token: [UInt8])
    /// Which torrents do you know of? (BEP 51)
    case sampleInfohashes(target: NodeID, want: WantedFamilies = [])

    /// The name on the wire.
    package var method: String {
        switch self {
        case .ping: "ping"
        case .findNode: "find_node"
        case .getPeers: "get_peers"
        case .announcePeer: "announce_peer"
        case .get: "get"
        case .put: "put"
        case .sampleInfohashes: "sample_infohashes"
        }
    }
}
