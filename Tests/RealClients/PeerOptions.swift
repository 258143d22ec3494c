/// How a real client is set up, where it is not as tests mostly want it: on the loopback device,
/// over TCP, and finding nobody by itself.
package struct PeerOptions: Sendable {
    /// Nil for what suits most tests with that client.
    package var encryption: PeerEncryption?
    /// What it reaches its peers over; Transmission cannot be kept from TCP.
    package var transport = PeerTransport.tcp
    /// How it finds peers.
    package var discovery: Set<PeerDiscovery> = []
    /// Nodes by which it enters the DHT, `address:port`, where the client can be told of any.
    package var bootstrap: [String] = []
    /// The network that it lives in; nil for the machine's own.
    package var network: NetworkNamespace?
    /// The address that it binds.
    package var host = "127.0.0.1"
    /// Whom it is told of at its start, where the client can be told.
    package var peers: [PeerAddress] = []
    /// Bytes a second that it sends at most, where the client is libtorrent; zero is without limit.
    package var uploadRate = 0

    /// As tests mostly want it, but for what is named.
    package init(
        encryption: PeerEncryption? = nil, transport: PeerTransport = .tcp,
        discovery: Set<PeerDiscovery> = [], peers: [PeerAddress] = [], uploadRate: Int = 0
    ) {
        self.encryption = encryption
        self.transport = transport
        self.discovery = discovery
        self.peers = peers
        self.uploadRate = uploadRate
    }

    /// The same in a network of the test's own, at one of its addresses.
    package func at(_ host: String, in network: NetworkNamespace) -> PeerOptions {
        var copy = self
        copy.host = host
        copy.network = network
        return copy
    }
}
