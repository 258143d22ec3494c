package import TorrentCore

/// A message after the handshake: a length of four bytes, an identifier, a payload (BEP 3).
package enum PeerMessage: Equatable, Sendable {
    /// Length zero.
    case keepAlive
    /// The sender answers no requests, allowed-fast pieces apart.
    case choke
    /// The sender answers requests.
    case unchoke
    /// The sender would request if it were unchoked.
    case interested
    /// The sender would not.
    case notInterested
    /// The sender has one more piece.
    case have(PieceIndex)
    /// What the sender has, a bit a piece, not yet checked against the torrent.
    case bitfield([UInt8])
    /// Asks for a block.
    case request(BlockRequest)
    /// The head of a block; `length` bytes of payload follow.
    case piece(BlockRequest)
    /// Takes a request back.
    case cancel(BlockRequest)
    /// The port of the sender's DHT node (BEP 5).
    case port(UInt16)
    /// A piece that the sender would like to be asked for (BEP 6).
    case suggest(PieceIndex)
    /// The sender has every piece (BEP 6).
    case haveAll
    /// The sender has no piece (BEP 6).
    case haveNone
    /// A request will not be answered (BEP 6).
    case reject(BlockRequest)
    /// A piece that may be requested while choked (BEP 6).
    case allowedFast(PieceIndex)
    /// A message of an extension, by the number that the receiver gave it (BEP 10).
    case extended(UInt8, [UInt8])
    /// Asks for hashes of a Merkle tree (BEP 52); any numbers.
    case hashRequest(HashRequest)
    /// Hashes of a Merkle tree, 32 bytes each, and the request that they answer (BEP 52).
    indirect case hashes(HashRequest, [UInt8])
    /// A request for hashes will not be answered (BEP 52).
    case hashReject(HashRequest)
    /// A message that means nothing to us; its payload is skipped and not kept.
    case ignored(UInt8)
}
