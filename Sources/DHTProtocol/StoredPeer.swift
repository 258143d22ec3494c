import TorrentCore

/// A peer that has announced itself.
struct StoredPeer {
    let endpoint: Endpoint
    var isSeed: Bool
    var expiry: Timestamp
}
