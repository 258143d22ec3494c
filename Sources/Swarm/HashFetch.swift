import TorrentCore

/// Hashes of a Merkle tree that somebody has to be asked for.
struct HashFetch {
    enum State {
        /// To be asked for.
        case wanted
        /// A peer is to be asked then: it has to read the piece first; see `SwarmPeer.leafLag`.
        case delayed(peer: PeerKey, until: Timestamp)
        /// A peer was asked.
        case requested(peer: PeerKey, at: Timestamp)
        /// A peer has said no, perhaps since it has not read the piece: it is asked once more when it
        /// has sent a block of it.
        case postponed(peer: PeerKey, since: Timestamp)
    }

    /// What is it for: a run of a piece's leaves, or (nil) a part of a piece layer.
    let run: Int?
    /// The piece, or one of those that the part of the layer covers.
    let piece: PieceIndex
    var state = State.wanted
    /// How long after its turn had come it was asked for.
    var delay = Interval.zero
    /// Peers that did not answer, or said no for good.
    var tried: [PeerKey] = []
    /// Peers that said no once.
    var refused: [PeerKey] = []
}
