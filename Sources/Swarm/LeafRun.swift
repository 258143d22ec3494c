import TorrentCore

/// Names a run of a piece's leaves.
struct LeafRun: Hashable {
    let piece: PieceIndex
    let run: Int32

    init(_ piece: PieceIndex, _ run: Int) {
        self.piece = piece
        self.run = Int32(run)
    }
}
