package import TorrentCore

/// A message of `ut_holepunch`, by which two peers that cannot be dialled open a way to each other
/// with the help of a third (BEP 55).
///
///      0      1          2               8 or 20
///     +------+----------+---------------+------------+
///     | type | 0: IPv4  | endpoint      | error code |
///     |      | 1: IPv6  | (6 or 18)     | (4)        |
///     +------+----------+---------------+------------+
package enum HolepunchMessage: Equatable, Sendable {
    /// Why a third peer cannot help.
    package enum Failure: UInt32, Sendable {
        /// The endpoint is none.
        case noSuchPeer = 1
        /// It is not connected to that peer.
        case notConnected = 2
        /// That peer does not take part.
        case noSupport = 3
        /// That is itself.
        case noSelf = 4
    }

    /// Asks a third peer to introduce the sender to the one at the endpoint.
    case rendezvous(Endpoint)
    /// Dial the endpoint now, by uTP: it dials too.
    case connect(Endpoint)
    /// The introduction to the endpoint comes to nothing.
    case failed(Endpoint, Failure)

    /// The longest payload: an IPv6 endpoint and an error code.
    package static let maximumLength = 24

    /// Reads a payload; nil for a type, or an error, that BEP 55 does not know. libtorrent leaves
    /// the error code out where there is no error.
    package static func parse(_ payload: [UInt8]) throws(PeerCloseReason) -> HolepunchMessage? {
        guard payload.count >= 2, payload[1] <= 1 else { throw .invalidExtensionMessage }
        let end = payload[1] == 0 ? 8 : 20
        guard payload.count >= end, let endpoint = Endpoint(compact: payload[2..<end]) else {
            throw .invalidExtensionMessage
        }
        switch payload[0] {
        case 0: return .rendezvous(endpoint)
        case 1: return .connect(endpoint)
        case 2:
            guard payload.count >= end + 4 else { throw .invalidExtensionMessage }
            let code = payload[end..<end + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            return Failure(rawValue: code).map { .failed(endpoint, $0) }
        default: return nil
        }
    }

    /// The payload.
    package func encoded() -> [UInt8] {
        switch self {
        case .rendezvous(let endpoint): Self.bytes(0, endpoint, error: 0)
        case .connect(let endpoint): Self.bytes(1, endpoint, error: 0)
        case .failed(let endpoint, let failure):
            Self.bytes(2, endpoint, error: failure.rawValue)
        }
    }

    private static func bytes(_ type: UInt8, _ endpoint: Endpoint, error: UInt32) -> [UInt8] {
        var bytes = [type, endpoint.address.isV6 ? 1 : 0] + endpoint.compactBytes
        bytes.appendBigEndian(error)
        return bytes
    }
}
