package import TorrentCore

/// What is the same for all connections of a session.
package struct PeerConfiguration: Sendable {
    /// Our name in handshakes (BEP 20).
    package var peerID: PeerID
    /// Our name for people, in the extension handshake (BEP 10).
    package var clientName: String
    /// Where we accept connections; nil where we do not.
    package var listenPort: UInt16?

    /// The UDP port of our node of the DHT (BEP 5); nil where there is none.
    package var dhtPort: UInt16?

    /// How many of a peer's requests are kept at once (`reqq`, BEP 10); 500 is 8 MiB in flight,
    /// the least that libtorrent and Transmission ask of a fast peer.
    package var requestLimit = 500
    /// From the start of the connection to the peer's whole handshake: libtorrent's 10 s. Long
    /// enough for any live peer, short enough that silent strangers do not fill the slots.
    package var handshakeTimeout = Interval.seconds(10)
    /// Without one byte from the peer. Keep-alives are due each 120 s (BEP 3), with some slack
    /// for clients that are late.
    package var inactivityTimeout = Interval.seconds(150)
    /// How often it is looked at whether something was sent; if not, a keep-alive is. The longest
    /// silence is twice this, which stays below the 120 s after which libtorrent closes.
    package var keepAliveInterval = Interval.seconds(50)

    /// A configuration with the limits and time-outs as they should be.
    package init(peerID: PeerID, clientName: String, listenPort: UInt16?) {
        self.peerID = peerID
        self.clientName = clientName
        self.listenPort = listenPort
    }

    /// What our handshakes offer; the `hybrid` bit is added where the torrent is one.
    package var reserved: ReservedBits {
        dhtPort == nil ? [.extensionProtocol, .fast] : [.extensionProtocol, .fast, .dht]
    }
}
