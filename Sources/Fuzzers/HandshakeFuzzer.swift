import PeerProtocol
import TorrentCore

/// Feeds the parser of handshakes; what it accepts must come out as it went in.
enum HandshakeFuzzer {
    static func run(_ bytes: Span<UInt8>) {
        guard let handshake = try? Handshake(parsing: bytes) else { return }
        precondition(handshake.bytes == [UInt8](copying: bytes))
    }
}
