import DHTProtocol
import TorrentCore
import TorrentCrypto

/// Datagrams for a node of the DHT that looks for a torrent. The input is cut into datagrams by two
/// length bytes; each comes once as it is, and once with the transaction of the last one sent.
enum DHTFuzzer {
    static func run(_ bytes: Span<UInt8>) {
        if let state = DHTSavedState(decoding: Array(copying: bytes)) {
            precondition(DHTSavedState(decoding: state.encoded) != nil, "a state it cannot read")
        }
        // An error's text that is no UTF-8 grows in being cleaned.
        if let message = try? KRPCMessage(decoding: Array(copying: bytes)), !message.isError {
            let encoded = message.encoded
            precondition(
                encoded.count > KRPCMessage.receiveLimit
                    || (try? KRPCMessage(decoding: encoded)) == message, "lost in encoding")
        }
        guard let entrance = Endpoint("93.184.216.34:6881"),
            let hash = SHA1Digest([UInt8](repeating: 1, count: 20))
        else { return }
        var configuration = DHTConfiguration()
        configuration.participation = .serving
        var now = Timestamp.zero
        var machine = DHTStateMachine(
            configuration: configuration, secret: [UInt8](repeating: 1, count: 16),
            hashing: OpenSSLHashing(), verifier: Ed25519(), now: now)
        machine.bootstrap([entrance], areRouters: false, now: now)
        machine.search(hash, announce: DHTAnnounce(port: 1024, isSeed: false), now: now)
        var asked: (transaction: [UInt8], endpoint: Endpoint)?
        var reader = ByteReader(bytes)
        while let length = reader.read(UInt16.self) {
            let datagram = reader.readBytes(min(Int(length), reader.remaining)) ?? []
            for action in machine.takeActions() {
                guard case .send(let sent, let endpoint) = action else { continue }
                guard let message = try? KRPCMessage(decoding: sent) else {
                    preconditionFailure("sent what nobody can read")
                }
                if case .query = message.body { asked = (message.transaction, endpoint) }
            }
            machine.received(datagram.span, from: entrance, now: now)
            if let asked, var message = try? KRPCMessage(decoding: datagram) {
                message.transaction = asked.transaction
                machine.received(message.encoded.span, from: asked.endpoint, now: now)
            }
            now = now + .seconds(Double(length % 64))
            machine.timerFired(now: now)
        }
    }
}

extension KRPCMessage {
    fileprivate var isError: Bool {
        if case .error = body { true } else { false }
    }
}
