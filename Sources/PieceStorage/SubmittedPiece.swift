import TorrentCore

/// A full piece on its way to a hash thread.
struct SubmittedPiece: Sendable {
    let store: PieceStore
    let folder: CacheFolder
    let buffer: PieceBuffer
    let wantsBlockDigests: Bool
    /// The hash, where that is all there is to compute, and can be together with that of another piece.
    let pairable: SHA1Digest?
    let completion: @Sendable (PieceOutcome) -> Void

    var piece: PieceIndex { buffer.piece }

    /// Whether both can be hashed in one go.
    func pairs(with other: SubmittedPiece) -> Bool {
        pairable != nil && other.pairable != nil && buffer.bytes.count == other.buffer.bytes.count
    }
}
