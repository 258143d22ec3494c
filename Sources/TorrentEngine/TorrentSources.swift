/// Where a torrent's peers may be found, from its metainfo or magnet and from the command line.
struct TorrentSources: Sendable {
    /// Tiers of trackers (BEP 12).
    var trackerTiers: [[String]] = []
    /// Peers that the user named, `host:port`.
    var peers: [String] = []
    /// Peers that the magnet named (`x.pe`), `host:port`.
    var magnetPeers: [String] = []
    /// Whether cached pieces are served.
    var isUploadEnabled = true
    /// Whether only the trackers, and the user, may name peers (BEP 27), as far as it is known.
    var isPrivate = false
    /// Whether the data was complete from the start, so that no `completed` is announced (BEP 3).
    var isComplete = false
}
