package import TorrentCore

/// What a torrent's state machine wants done. Actions are carried out in order, and before any
/// further bytes are received into a piece buffer.
package enum SwarmAction: Equatable, Sendable {
    /// Send a `request`.
    case request(PeerKey, BlockRequest)
    /// Send a `cancel`.
    case cancel(PeerKey, BlockRequest)
    /// Send `interested` or `not interested`.
    case setInterested(PeerKey, Bool)
    /// Send a `choke`, and drop (Fast: reject) what the peer has queued.
    case choke(PeerKey)
    /// Send an `unchoke`.
    case unchoke(PeerKey)
    /// Send a `have` to every peer that lacks the piece.
    case announceHave(PieceIndex)
    /// Tell the peers that understand it (BEP 54) that the piece is here no more.
    case announceLost(PieceIndex)
    /// Allocate the piece's buffer. Where there is none, call `bufferUnavailable`.
    case openPiece(PieceIndex)
    /// Give the piece's buffer back.
    case dropPiece(PieceIndex)
    /// Every block is in the buffer: hash it, and answer with `pieceVerified` or `pieceFailed`.
    /// The buffer is handed over: no `dropPiece` follows, and a new attempt starts with a new
    /// `openPiece`.
    case verify(PieceIndex, wantsBlockDigests: Bool)
    /// The block that this peer is sending straight into the piece's buffer is not wanted there
    /// any more: take the rest of it into scratch memory.
    case discardIncoming(PeerKey, BlockRequest)
    /// Close the connection.
    case disconnect(PeerKey, SwarmDisconnectReason)
    /// Close the connection and never connect to that address again.
    case ban(PeerKey, SwarmBanReason)
    /// Never connect to the address of a peer that has gone already.
    case banEndpoint(Endpoint, SwarmBanReason)
}
