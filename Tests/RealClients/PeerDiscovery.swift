/// The ways in which a client finds peers by itself, all off unless a test asks for them.
package enum PeerDiscovery: String, CaseIterable, Sendable {
    /// The DHT (BEP 5).
    case dht
    /// What peers tell of each other (BEP 11).
    case pex
    /// The local network (BEP 14).
    case lsd
}
