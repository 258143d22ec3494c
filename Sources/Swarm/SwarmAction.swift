package import TorrentCore

/// What a torrent's state machine wants done. Actions are carried out in order, and before any
/// further bytes are received into a piece buffer.
package enum SwarmAction: Equatable, Sendable {
    /// Send a `request`.
    case request(PeerKey, BlockRequest)
    /// Send a `cancel`.
    case cancel(PeerKey, BlockRequest)
    /// Ask a web seed for a run of blocks on one of its lanes, which is free.
    case fetch(PeerKey, WebSeedFetch)
    /// Give up what a lane was asked for: nothing more of it may be written.
    case abandonFetch(PeerKey)
    /// A web seed sent bytes of this piece that do not match its hash; it is not asked for the
    /// piece's files any more.
    case webSeedCorrupt(seed: Int, PieceIndex)
    /// Send `interested` or `not interested`.
    case setInterested(PeerKey, Bool)
    /// Send a `choke`, and drop (Fast: reject) what the peer has queued.
    case choke(PeerKey)
    /// Send an `unchoke`.
    case unchoke(PeerKey)
    /// Send a `have` to every peer.
    case announceHave(PieceIndex)
    /// Tell the readers that understand it that the piece is being fetched from a seed.
    case announceFetch(PieceIndex)
    /// Tell the peers that understand it (BEP 54) that the piece is here no more.
    case announceLost(PieceIndex)
    /// Allocate the piece's buffer, and copy there what was taken of the piece by itself. Where there
    /// is none, call `bufferUnavailable`.
    case openPiece(PieceIndex)
    /// Give the piece's buffer back.
    case dropPiece(PieceIndex)
    /// Every block is in the buffer: hash it, and answer with `pieceVerified` or `pieceFailed`.
    /// The buffer is handed over: no `dropPiece` follows, and a new attempt starts with a new
    /// `openPiece`.
    case verify(PieceIndex, wantsBlockDigests: Bool)
    /// Send a `hash request` (BEP 52), behind the requests before it. Answer with `leavesArrived`,
    /// `layerArrived`, `hashesRejected` or, where what came proves nothing, `hashesRefuted`.
    indirect case requestHashes(PeerKey, HashRequest)
    /// Hash a block that was taken by itself, and answer with `blockVerified`. It stays in memory
    /// until `dropPiece`, or `openPiece`, into whose buffer it is copied.
    case verifyBlock(BlockRequest, leaf: SHA256Digest)
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
