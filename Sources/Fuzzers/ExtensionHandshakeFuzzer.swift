import PeerProtocol
import TorrentCore

/// Feeds the parser of extension handshakes; what it keeps must survive a round trip.
enum ExtensionHandshakeFuzzer {
    static func run(_ bytes: Span<UInt8>) {
        guard let handshake = try? ExtensionHandshake(parsing: [UInt8](copying: bytes)) else {
            return
        }
        var again = try? ExtensionHandshake(parsing: handshake.encoded())
        // A name grows where it was cut inside a character, and is then cut once more.
        again?.clientName = handshake.clientName
        precondition(again == handshake)
    }
}
