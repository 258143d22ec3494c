package import TorrentCore

/// What a `DHTStateMachine` wants done, or has to tell.
package enum DHTAction: Equatable, Sendable {
    /// Send this datagram.
    case send(datagram: [UInt8], to: Endpoint)
    /// Peers of a torrent that is searched for; those of one lookup each come once, as soon as they are
    /// known.
    case peersFound(SHA1Digest, [Endpoint])
    /// A lookup for a torrent's peers has ended: how many peers it found, and how many nodes were told
    /// that we are one.
    case searchEnded(SHA1Digest, AddressFamily, peers: Int, announcedTo: Int)
    /// A lookup for an item has ended: the newest one found, and how many nodes were told to keep the
    /// one that was to be put.
    case itemLookupEnded(DHTLookupID, DHTItem?, putTo: Int)
    /// The node has found its place among others; the state is worth saving.
    case bootstrapped(AddressFamily)
    /// Nobody has answered for so long that the names of the bootstrap nodes ought to be looked up
    /// again.
    case bootstrapFailed(AddressFamily)
}
