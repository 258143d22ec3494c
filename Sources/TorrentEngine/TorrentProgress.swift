/// What a torrent that is being added waits for.
package enum TorrentProgress: Equatable, Sendable {
    /// Nobody to ask yet: trackers are being asked, and so many nodes of the DHT are known; nil where
    /// it is not asked.
    case lookingForPeers(dhtNodes: Int?)
    /// Nobody to ask, and a tracker that the torrent names is not asked, as it is in the private
    /// network.
    case trackerIsPrivate(url: String)
    /// So many connections are open or being opened; none has offered the metadata.
    case connecting(peers: Int)
    /// The metadata is arriving: bytes of so many.
    case fetchingMetadata(received: Int, total: Int)
    /// Data is being hashed: pieces of so many.
    case checking(done: Int, total: Int)
    /// The torrent can be read.
    case ready
}
