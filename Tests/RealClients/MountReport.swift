/// `swarmfs status --json` as scripts see it. Decoded here by its own types, with every key
/// required, so that a change of the documented keys fails the tests.
package struct MountReport: Decodable, Sendable {
    /// One mounted filesystem.
    package struct Entry: Decodable, Sendable {
        /// Where it is mounted.
        package let mountpoint: String
        /// The background process.
        package let pid: Int32
        /// Where it accepts peers.
        package let listenPort: UInt16
        /// How reads of complete files are answered.
        package let passthrough: String
        /// How fast it may be.
        package let limits: Limits
        /// Where verified pieces are kept.
        package let cache: Cache
        /// Its node of the DHT; nil where it takes no part.
        package let dht: DHT?
        /// Its torrents.
        package let torrents: [Torrent]
    }

    /// How fast a mount may be.
    package struct Limits: Decodable, Sendable {
        /// Bytes a second; null for no limit.
        package let maxDownload: Int?
        /// Bytes a second; null for no limit.
        package let maxUpload: Int?
        /// Connections over all torrents.
        package let maxConnections: Int
    }

    /// A node of the DHT.
    package struct DHT: Decodable, Sendable {
        /// IPv4 nodes that it knows.
        package let nodes: Int
        /// IPv6 nodes that it knows.
        package let nodesIpv6: Int
        /// Those that have answered lately.
        package let goodNodes: Int
        /// Torrents that others have announced to it.
        package let storedTorrents: Int
        /// Peers that others have announced to it.
        package let storedPeers: Int
        /// Lookups under way.
        package let lookups: Int
        /// Whether it answers others.
        package let serving: Bool
    }

    /// How full the cache is.
    package struct Cache: Decodable, Sendable {
        /// The cache directory.
        package let directory: String
        /// Bytes on disk.
        package let usedBytes: Int
        /// Bytes at most; null for no limit.
        package let sizeLimit: Int?
        /// Bytes of the disk that are free.
        package let freeBytes: Int
        /// Bytes of the disk that are left to others.
        package let keptFreeBytes: Int
        /// Whether nothing can be evicted for what is fetched.
        package let isFull: Bool
    }

    /// One torrent of it.
    package struct Torrent: Decodable, Sendable {
        /// 40 hexadecimal digits, or 64 of a v2-only torrent.
        package let infohash: String?
        /// 64 hexadecimal digits; null for v1.
        package let infohashV2: String?
        /// The torrent's name.
        package let name: String
        /// Bytes.
        package let size: Int
        /// Bytes verified and on disk.
        package let cachedBytes: Int
        /// Bytes of a piece.
        package let pieceLength: Int
        /// How many pieces there are.
        package let pieces: Int
        /// How many are verified and on disk.
        package let piecesCached: Int
        /// Connected peers.
        package let peers: Int
        /// Peers that let us download.
        package let peersUnchoked: Int
        /// Connected peers that are reached over uTP.
        package let peersUtp: Int
        /// Peers that have everything.
        package let seeds: Int
        /// Peers of the whole swarm that have everything, as trackers tell.
        package let swarmSeeds: Int?
        /// Peers of the whole swarm that do not.
        package let swarmLeechers: Int?
        /// How often the torrent was downloaded to its end.
        package let swarmCompleted: Int?
        /// Its trackers that were asked.
        package let trackers: [Tracker]
        /// Bytes a second.
        package let downloadRate: Int
        /// Bytes a second.
        package let uploadRate: Int
        /// Payload bytes received.
        package let downloaded: Int
        /// Payload bytes sent.
        package let uploaded: Int
        /// Its web seeds.
        package let webSeeds: [WebSeed]
        /// Reads that wait for data.
        package let waitingReads: Int
        /// One word.
        package let state: String
    }

    /// One tracker of a torrent.
    package struct Tracker: Decodable, Sendable {
        /// Where it is.
        package let url: String
        /// Peers that have everything.
        package let seeds: Int?
        /// Peers that do not.
        package let leechers: Int?
        /// How often the torrent was downloaded to its end.
        package let completed: Int?
        /// Why it did not answer.
        package let lastError: String?
    }

    /// One web seed of a torrent.
    package struct WebSeed: Decodable, Sendable {
        /// Where it is.
        package let url: String
        /// One word.
        package let state: String
        /// Payload bytes received.
        package let downloaded: Int
        /// Bytes a second.
        package let downloadRate: Int
        /// Requests that failed.
        package let errors: Int
        /// Why the last of them did.
        package let lastError: String?
    }

    /// All mounts, or the one asked for.
    package let mounts: [Entry]
}
