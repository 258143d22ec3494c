/// Where a torrent's peers may be found, from its metainfo or magnet and from the command line.
struct TorrentSources: Sendable {
    /// Tiers of trackers (BEP 12).
    var trackerTiers: [[String]] = []
    /// Peers that the user named, `host:port`.
    var peers: [String] = []
    /// Peers that the magnet named (`x.pe`), `host:port`.
    var magnetPeers: [String] = []
    /// Nodes of the DHT that the .torrent file named, `host:port` (BEP 5).
    var dhtNodes: [String] = []
    /// URLs of web seeds that the user or the magnet named; those of the metainfo come beside them.
    var webSeeds: [String] = []
    /// URLs that the user gave, which may lead anywhere.
    var userURLs: Set<String> = []
    /// Whether what the torrent names may lead into the private network too: the user says so, or
    /// the torrent itself came from there.
    var allowsPrivateURLs = false
    /// Whether cached pieces are served.
    var isUploadEnabled = true
    /// Whether only the trackers, and the user, may name peers (BEP 27), as far as it is known.
    var isPrivate = false
    /// Whether the data was complete from the start, so that no `completed` is announced (BEP 3).
    var isComplete = false

    /// Whether a URL may lead to public addresses only: not where the user vouches for it.
    func isPublicOnly(_ url: String) -> Bool { !allowsPrivateURLs && !userURLs.contains(url) }
}
