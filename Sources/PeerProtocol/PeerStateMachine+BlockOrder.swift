import TorrentCore

/// Hashes before blocks (BEP 52).
///
/// libtorrent (2.0.8, and 2.0.13 as well) stops a hybrid torrent with "v1 and v2 hashes do not
/// describe the same data" where a file's piece layer comes after the SHA-1 of one of its pieces was
/// found right, and before that piece is on disk (arvidn/libtorrent#6394). It asks for the layers,
/// one after the other, as soon as it has the metadata: whoever gets them all first is safe.
extension PeerStateMachine {
    /// Whether blocks have to wait for hashes that the peer asked for before them, or is about to ask
    /// for: it ends when those are sent, or a timer fires. Constant time where it has asked for none.
    package var holdsBlocks: Bool {
        blockOrder.hasBegun && (awaitsRequest || owesPieceHashes)
    }

    /// Our own client asks for the layers of what is read, and takes them in any order.
    private var awaitsRequest: Bool { blockOrder.deadline != nil && !supportsFetching }

    /// Takes note of how many requests get all piece layers of a hybrid, 512 hashes each; without it,
    /// and of any other torrent, no further requests are awaited.
    package mutating func expectLayerRequests(_ count: Int) { blockOrder.expectedCount = count }

    /// Leaves are another matter: to hash a piece for them takes a while, and who asks for them wants
    /// a block of that piece.
    func isForPieces(_ request: HashRequest) -> Bool {
        guard let geometry else { return false }
        let leaves = max(1, geometry.pieceLength / BlockRequest.standardLength)
        return Int(request.baseLayer) >= leaves.trailingZeroBitCount
    }

    private var owesPieceHashes: Bool { pendingHashes.contains(where: isForPieces) }
}
