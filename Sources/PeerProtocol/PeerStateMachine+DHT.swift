extension PeerStateMachine {
    /// Whether both sides are nodes of the DHT (BEP 5).
    package var supportsDHT: Bool {
        configuration.dhtPort != nil && remoteHandshake?.reserved.contains(.dht) == true
    }

    /// Tells the peer where our node of the DHT is, where it has one itself.
    mutating func sendDHTPort() {
        if supportsDHT, let port = configuration.dhtPort { send(.port(port)) }
    }
}
