package import TorrentCore

/// What a peer did, for the owner of the connection to act on; in the order in which it did it.
package enum PeerAction: Equatable, Sendable {
    /// The peer's handshake is there, and nothing more is read until `accept` answers it.
    indirect case handshakeReceived(Handshake)
    /// The peer has every piece. This and `peerBitfield` replace what was known.
    case peerHasAll
    /// The peer has no piece, as it says first of all; later it means nothing (BEP 6).
    case peerHasNone
    /// The peer has these pieces.
    case peerBitfield(Bitfield)
    /// The peer has one more piece, maybe one that it had already.
    case peerHave(PieceIndex)
    /// The peer has a piece no longer, if it ever had (BEP 54).
    case peerDontHave(PieceIndex)
    /// The peer has begun to fetch a piece from a seed (`sf_fetching`).
    case peerFetching(PieceIndex)
    /// The peer chokes us. With the fast extension it still answers each request, by a block or a
    /// reject; without it, all requests are void.
    case choked
    /// The peer no longer chokes us.
    case unchoked
    /// The peer wants blocks.
    case interested
    /// The peer wants none.
    case notInterested
    /// The peer asks for a block, of a piece that exists and while it may.
    case requested(BlockRequest)
    /// The peer takes a request back that was not answered. It has been rejected already where
    /// the fast extension wants that; it must not be answered any more.
    case cancelled(BlockRequest)
    /// The peer will not answer a request of ours.
    case rejected(BlockRequest)
    /// The head of a block that we requested is there; `receiveTarget` names its place.
    case blockBegan(BlockRequest)
    /// The last byte of that block is there.
    case blockArrived(BlockRequest)
    /// The peer answers requests for this piece even while it chokes us (BEP 6).
    case allowedFast(PieceIndex)
    /// The peer would like to be asked for this piece (BEP 6).
    case suggested(PieceIndex)
    /// The peer's extension handshake; a second one only changes what it names (BEP 10).
    indirect case extensionHandshake(ExtensionHandshake)
    /// The peer asks for a 16 KiB piece of the info dictionary (BEP 9); not checked against its
    /// size. Answer with `sendMetadata` or `rejectMetadata`.
    case metadataRequested(Int)
    /// A piece of the info dictionary that we requested, with the length that `totalSize` gives.
    case metadataArrived(piece: Int, totalSize: Int, bytes: [UInt8])
    /// The peer will not send that piece of the info dictionary.
    case metadataRejected(Int)
    /// The peer says that its node of the DHT is at this UDP port (BEP 5).
    case dhtPort(UInt16)
    /// The peer's wish to download has changed (BEP 21).
    case uploadOnly(Bool)
    /// The peer tells of others (BEP 11), unchecked: `PeerExchange` says what to believe.
    case peerExchange(PeerExchangeMessage)
    /// The peer asks for hashes of a Merkle tree (BEP 52); not checked against the torrent. Answer
    /// with `sendHashes` or `rejectHashes`.
    case hashesRequested(HashRequest)
    /// Hashes that we requested, 32 bytes each; as many as the request wants, and unproven.
    indirect case hashesArrived(HashRequest, [UInt8])
    /// The peer will not send those hashes.
    case hashesRejected(HashRequest)
    /// The peer wants an introduction, or gives one (BEP 55): `Holepunch` says what to do.
    case holepunch(HolepunchMessage)
    /// Close the connection. The last action there is.
    case close(PeerCloseReason)
}
