import PeerProtocol
import TorrentCore

/// Feeds the parser of peer exchange messages; what it accepts must survive a round trip, and what
/// a peer of the internet tells must name no address inside a network.
enum PeerExchangeFuzzer {
    static func run(_ bytes: Span<UInt8>) {
        guard let message = try? PeerExchangeMessage(parsing: [UInt8](copying: bytes)) else {
            return
        }
        precondition((try? PeerExchangeMessage(parsing: message.encoded())) == message)
        var exchange = PeerExchange(now: .zero)
        let believed = try? exchange.received(message, from: .v4(0x0808_0808), now: .zero)
        precondition(believed?.added.allSatisfy { $0.endpoint.address.scope == .global } ?? true)
    }
}
