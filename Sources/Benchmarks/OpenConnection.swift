import PeerProtocol
import TorrentCore

/// A connection's state machine behind its handshake.
enum OpenConnection {
    static func make(geometry: PieceGeometry) -> PeerStateMachine? {
        var random = SeededRandom(seed: 1)
        let digits = String(repeating: "0123456789", count: 4)
        guard let hash = SHA1Digest(hexadecimal: digits) else { return nil }
        let identity = TorrentIdentity(v1: hash)
        let configuration = PeerConfiguration(
            peerID: PeerID(random: &random), clientName: "bench", listenPort: nil)
        var machine = PeerStateMachine(
            role: .outgoing(identity), configuration: configuration, now: .zero)
        let handshake = Handshake(
            infoHash: hash, peerID: PeerID(random: &random), reserved: configuration.reserved)
        _ = machine.received(handshake.bytes.span, now: .zero)
        machine.accept(
            identity: identity, geometry: geometry, have: nil, metadataSize: nil, now: .zero)
        while machine.nextAction() != nil {}
        return machine
    }
}
