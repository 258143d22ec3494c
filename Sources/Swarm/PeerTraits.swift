package import TorrentCore

/// What is known of a peer when its handshake is done.
package struct PeerTraits: Sendable {
    /// Where the connection goes to or comes from.
    package let address: Endpoint
    /// Both sides set the bit of the Fast extension (BEP 6): every request is answered.
    package let supportsFast: Bool
    /// How many requests the peer queues (`reqq` of BEP 10).
    package let requestLimit: Int
    /// Messages about hashes may pass (BEP 52).
    package let supportsHashes: Bool
    /// We dialled.
    package let isOutgoing: Bool
    /// The name that it gave itself.
    package let peerID: PeerID?

    /// Traits of a peer.
    package init(
        address: Endpoint, supportsFast: Bool, requestLimit: Int, isOutgoing: Bool,
        peerID: PeerID? = nil, supportsHashes: Bool = false
    ) {
        self.address = address
        self.supportsFast = supportsFast
        self.requestLimit = requestLimit
        self.isOutgoing = isOutgoing
        self.peerID = peerID
        self.supportsHashes = supportsHashes
    }
}
