import PeerProtocol
import TorrentCore

/// Feeds the parser of holepunch messages; what it accepts must survive a round trip.
enum HolepunchMessageFuzzer {
    static func run(_ bytes: Span<UInt8>) {
        guard let message = try? HolepunchMessage.parse([UInt8](copying: bytes)) else { return }
        precondition((try? HolepunchMessage.parse(message.encoded())) == message)
    }
}
