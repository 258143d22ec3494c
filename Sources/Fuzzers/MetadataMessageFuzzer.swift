import PeerProtocol
import TorrentCore

/// Feeds the parser of metadata messages; what it accepts must survive a round trip.
enum MetadataMessageFuzzer {
    static func run(_ bytes: Span<UInt8>) {
        guard let message = try? MetadataMessage.parse([UInt8](copying: bytes)) else { return }
        precondition((try? MetadataMessage.parse(message.encoded())) == message)
    }
}
