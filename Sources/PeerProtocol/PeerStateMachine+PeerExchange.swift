// Peers that tell of each other (BEP 11); `PeerExchange` says when and of whom.
extension PeerStateMachine {
    /// Tells the peer of others; nothing where it does not want that or the torrent is private.
    package mutating func sendPeerExchange(_ message: PeerExchangeMessage) {
        guard phase == .open, supportsPeerExchange,
            let identifier = remoteExtensions.peerExchangeID
        else { return }
        send(.extended(identifier, message.encoded()))
    }

    /// Sends the peer what `Holepunch` decided; nothing where it takes no part (BEP 55).
    package mutating func sendHolepunch(_ message: HolepunchMessage) {
        guard phase == .open, supportsHolepunch, let identifier = remoteExtensions.holepunchID
        else { return }
        send(.extended(identifier, message.encoded()))
    }

    /// The metadata says that only trackers may name peers (BEP 27): from now on nothing is told,
    /// nor believed where the peer goes on, and the peer learns that it need not.
    package mutating func endPeerExchange() {
        guard exchangesPeers else { return }
        exchangesPeers = false
        guard phase == .open, supportsExtensions else { return }
        var handshake = ExtensionHandshake()
        handshake.peerExchangeID = 0
        handshake.holepunchID = 0
        send(.extended(ExtensionID.handshake, handshake.encoded()))
    }
}
