import TorrentCore

/// How far ahead of a reader a spared seed has been asked for pieces in the last moments: what has
/// been in reach for a while, and nobody has begun with, may be taken over.
struct SharingHorizon {
    /// As many moments as readers take turns.
    private static let limit = TorrentStateMachine.turnLimit + 1

    private var ends: [(piece: PieceIndex, at: Timestamp)] = []

    /// It is now before this piece.
    mutating func note(_ end: PieceIndex, now: Timestamp) {
        if let last = ends.last, now < last.at + .seconds(TorrentStateMachine.claimTime) { return }
        if ends.count == Self.limit { ends.removeFirst() }
        ends.append((end, now))
    }

    /// Whether the piece has been in reach for so long.
    func covers(_ piece: PieceIndex, for seconds: Double, now: Timestamp) -> Bool {
        ends.contains { piece < $0.piece && now >= $0.at + .seconds(seconds) }
    }
}
