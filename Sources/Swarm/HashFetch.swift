import TorrentCore

/// Hashes of a Merkle tree that somebody has to be asked for.
struct HashFetch {
    enum State {
        /// To be asked for.
        case wanted
        /// A peer was asked.
        case requested(peer: PeerKey, at: Timestamp)
        /// A peer has said no, perhaps since it has not read the piece: it is asked once more when it
        /// has sent a block of it.
        case postponed(peer: PeerKey)
    }

    /// What is it for: a run of a piece's leaves, or (nil) a part of a piece layer.
    let run: Int?
    /// The piece, or one of those that the part of the layer covers.
    let piece: PieceIndex
    var state = State.wanted
    /// Peers that did not answer, or said no for good.
    var tried: [PeerKey] = []
    /// Peers that said no once.
    var refused: [PeerKey] = []
}
