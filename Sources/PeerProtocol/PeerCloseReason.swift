/// Why a connection is closed: this module's one error.
package enum PeerCloseReason: Error, Equatable, Sendable, CustomStringConvertible {
    /// The first bytes are no handshake of this protocol.
    case notBitTorrent
    /// The peer answered for another torrent.
    case wrongInfoHash
    /// No whole handshake in time.
    case handshakeTimeout
    /// Nothing was received for too long, not even a keep-alive.
    case inactive
    /// A message's length is not what its type has.
    case wrongLength(message: UInt8, length: UInt32)
    /// A message that may be sent only after an extension was negotiated, which it was not.
    case notNegotiated(message: UInt8)
    /// The number of a piece that the torrent does not have.
    case invalidPiece(UInt32)
    /// A bitfield with spare bits set, or that does not fit the torrent.
    case invalidBitfield
    /// Too many messages that say all that it has.
    case haveFlood
    /// A request, cancel or reject for what the torrent does not have, or that is too long.
    case invalidRequest
    /// A block that the torrent does not have.
    case invalidBlock
    /// Many blocks or rejects for what was never requested.
    case unrequested
    /// Many requests that had to be refused.
    case requestFlood
    /// Hashes that are not what the request wanted (BEP 52).
    case invalidHashes
    /// An extension handshake that is no dictionary (BEP 10).
    case invalidExtensionHandshake
    /// An extension message that cannot be read.
    case invalidExtensionMessage
    /// Far more messages about other peers than one a minute (BEP 11).
    case peerExchangeFlood

    package var description: String {
        switch self {
        case .notBitTorrent: "it does not speak BitTorrent, or only encrypted"
        case .wrongInfoHash: "it answered for another torrent"
        case .handshakeTimeout: "no handshake in time"
        case .inactive: "it was silent for too long"
        case .wrongLength(let message, let length):
            "message \(message) with the wrong length \(length)"
        case .notNegotiated(let message): "message \(message) was not negotiated"
        case .invalidPiece(let piece): "the torrent has no piece \(piece)"
        case .invalidBitfield: "its bitfield does not fit the torrent"
        case .haveFlood: "it said too often what it has"
        case .invalidRequest: "its request does not fit the torrent"
        case .invalidBlock: "its block does not fit the torrent"
        case .unrequested: "it sent too much that was not requested"
        case .requestFlood: "it sent too many requests"
        case .invalidHashes: "its hashes do not fit the request"
        case .invalidExtensionHandshake: "its extension handshake is malformed"
        case .invalidExtensionMessage: "its extension message is malformed"
        case .peerExchangeFlood: "it told of other peers too often"
        }
    }
}
