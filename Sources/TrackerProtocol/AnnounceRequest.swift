package import TorrentCore

/// What one announce tells a tracker, whatever the transport.
package struct AnnounceRequest: Equatable, Sendable {
    /// How many peers are asked for; libtorrent asks for as many.
    package static let standardPeerCount = 200

    /// The torrent: a v1 infohash or a truncated v2 one (BEP 52).
    package var infoHash: SHA1Digest
    /// Who we are; the same on IPv4 and IPv6 (BEP 7).
    package var peerID: PeerID
    /// Where we listen.
    package var port: UInt16
    /// Payload bytes sent since `started`.
    package var uploaded: Int64
    /// Payload bytes received since `started`.
    package var downloaded: Int64
    /// Payload bytes not there yet; zero means "I am a seed".
    package var left: Int64
    /// What has happened.
    package var event: AnnounceEvent
    /// How many peers are wanted; `stopped` always asks for none.
    package var peerCount: Int
    /// By which a tracker knows us again when our address changes; the same on IPv4 and IPv6.
    package var key: UInt32
    /// Addresses of ours at which peers are accepted, besides the one that the announce comes from:
    /// one of each family (BEP 7).
    package var addresses: [IPAddress]
    /// What the tracker last gave as its `tracker id`.
    package var trackerID: [UInt8]?
    /// Whether peers may be told that we take encrypted connections.
    package var supportsEncryption: Bool

    /// An announce; see the properties.
    package init(
        infoHash: SHA1Digest, peerID: PeerID, port: UInt16, uploaded: Int64 = 0,
        downloaded: Int64 = 0, left: Int64, event: AnnounceEvent = .none,
        peerCount: Int = standardPeerCount, key: UInt32, addresses: [IPAddress] = [],
        trackerID: [UInt8]? = nil,
        supportsEncryption: Bool = true
    ) {
        self.infoHash = infoHash
        self.peerID = peerID
        self.port = port
        self.uploaded = uploaded
        self.downloaded = downloaded
        self.left = left
        self.event = event
        self.peerCount = peerCount
        self.key = key
        self.addresses = addresses
        self.trackerID = trackerID
        self.supportsEncryption = supportsEncryption
    }

    /// The number of peers to ask for: none with `stopped`, and never a negative number.
    var wantedPeerCount: Int { event == .stopped ? 0 : max(0, min(peerCount, Int(Int32.max))) }
}
