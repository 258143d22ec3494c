/// What one torrent of a mount is doing; the keys are stable and snake_case.
package struct TorrentStatus: Codable, Equatable, Sendable {
    /// The hash that names the torrent: v1 as 40 hexadecimal digits, v2-only as 64.
    package var infohash: String
    /// The v2 infohash, 64 hexadecimal digits; null for a v1 torrent.
    package var infohashV2: String?
    /// The torrent's name.
    package var name: String
    /// Bytes of all its files, padding left out.
    package var size: Int64
    /// Bytes on disk and verified.
    package var cachedBytes: Int64
    /// Bytes of a piece; the last one may be shorter.
    package var pieceLength: Int
    /// How many pieces there are.
    package var pieces: Int
    /// How many of them are on disk and verified.
    package var piecesCached: Int
    /// Connected peers.
    package var peers: Int
    /// Peers that let us download now.
    package var peersUnchoked: Int
    /// Connected peers that are reached over uTP.
    package var peersOverUTP: Int
    /// Connected peers that have every piece.
    package var seeds: Int
    /// Peers of the whole swarm that have every piece, as trackers tell; null where none does.
    package var swarmSeeds: Int?
    /// Peers of the whole swarm that do not, likewise.
    package var swarmLeechers: Int?
    /// How often the torrent was downloaded to its end, likewise.
    package var swarmCompleted: Int?
    /// Seconds since a complete copy was last seen, by us or a peer: 0 while there is one, null where
    /// none ever was.
    package var completeAgo: Int?
    /// Bytes a second that arrive now.
    package var downloadRate: Int
    /// Bytes a second that leave now.
    package var uploadRate: Int
    /// Payload bytes received since the mount.
    package var downloaded: Int64
    /// Payload bytes sent since the mount.
    package var uploaded: Int64
    /// Reads that wait for data now.
    package var waitingReads: Int
    /// Its web seeds; none from a mount that does not know of them.
    package var webSeeds: [WebSeedStatus]?
    /// Its trackers that were asked; none from a mount that does not tell.
    package var trackers: [TrackerStatus]?
    /// One word: `idle`, `downloading`, `seeding`, ...
    package var state: String

    /// A status; `init` with every key, since none has a default that is right.
    package init(
        infohash: String, infohashV2: String?, name: String, size: Int64, cachedBytes: Int64,
        pieceLength: Int, pieces: Int, piecesCached: Int, peers: Int, peersUnchoked: Int,
        peersOverUTP: Int,
        seeds: Int, swarmSeeds: Int? = nil, swarmLeechers: Int? = nil,
        swarmCompleted: Int? = nil, completeAgo: Int? = nil, downloadRate: Int, uploadRate: Int,
        downloaded: Int64,
        uploaded: Int64,
        waitingReads: Int, state: String, webSeeds: [WebSeedStatus] = [],
        trackers: [TrackerStatus] = []
    ) {
        self.infohash = infohash
        self.infohashV2 = infohashV2
        self.name = name
        self.size = size
        self.cachedBytes = cachedBytes
        self.pieceLength = pieceLength
        self.pieces = pieces
        self.piecesCached = piecesCached
        self.peers = peers
        self.peersUnchoked = peersUnchoked
        self.peersOverUTP = peersOverUTP
        self.seeds = seeds
        self.swarmSeeds = swarmSeeds
        self.swarmLeechers = swarmLeechers
        self.swarmCompleted = swarmCompleted
        self.completeAgo = completeAgo
        self.downloadRate = downloadRate
        self.uploadRate = uploadRate
        self.downloaded = downloaded
        self.uploaded = uploaded
        self.waitingReads = waitingReads
        self.webSeeds = webSeeds
        self.trackers = trackers
        self.state = state
    }

    private enum CodingKeys: String, CodingKey {
        case infohash, name, size, pieces, peers, seeds, downloaded, uploaded, state, trackers
        case infohashV2 = "infohash_v2"
        case cachedBytes = "cached_bytes"
        case pieceLength = "piece_length"
        case piecesCached = "pieces_cached"
        case peersUnchoked = "peers_unchoked"
        case peersOverUTP = "peers_utp"
        case swarmSeeds = "swarm_seeds"
        case swarmLeechers = "swarm_leechers"
        case swarmCompleted = "swarm_completed"
        case completeAgo = "complete_ago"
        case downloadRate = "download_rate"
        case uploadRate = "upload_rate"
        case waitingReads = "waiting_reads"
        case webSeeds = "web_seeds"
    }

    /// Encodes every key, an absent v2 infohash as null: scripts can rely on each key being there.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(infohash, forKey: .infohash)
        try container.encode(infohashV2, forKey: .infohashV2)
        try container.encode(name, forKey: .name)
        try container.encode(size, forKey: .size)
        try container.encode(cachedBytes, forKey: .cachedBytes)
        try container.encode(pieceLength, forKey: .pieceLength)
        try container.encode(pieces, forKey: .pieces)
        try container.encode(piecesCached, forKey: .piecesCached)
        try container.encode(peers, forKey: .peers)
        try container.encode(peersUnchoked, forKey: .peersUnchoked)
        try container.encode(peersOverUTP, forKey: .peersOverUTP)
        try container.encode(seeds, forKey: .seeds)
        try container.encode(swarmSeeds, forKey: .swarmSeeds)
        try container.encode(swarmLeechers, forKey: .swarmLeechers)
        try container.encode(swarmCompleted, forKey: .swarmCompleted)
        try container.encode(completeAgo, forKey: .completeAgo)
        try container.encode(downloadRate, forKey: .downloadRate)
        try container.encode(uploadRate, forKey: .uploadRate)
        try container.encode(downloaded, forKey: .downloaded)
        try container.encode(uploaded, forKey: .uploaded)
        try container.encode(waitingReads, forKey: .waitingReads)
        try container.encode(webSeeds ?? [], forKey: .webSeeds)
        try container.encode(trackers ?? [], forKey: .trackers)
        try container.encode(state, forKey: .state)
    }
}
