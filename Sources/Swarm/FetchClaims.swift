import TorrentCore

/// The pieces that a reader has said it fetches from a seed (`sf_fetching`).
struct FetchClaims {
    /// As many as a reader has under way with the smallest pieces; older ones are forgotten.
    static let limit = 64
    /// A piece that did not come in this time does not come.
    static let lifetime = Interval.seconds(10)

    private var claims: [(piece: PieceIndex, until: Timestamp)] = []

    mutating func add(_ piece: PieceIndex, now: Timestamp) {
        claims.removeAll { $0.piece == piece || $0.until <= now }
        if claims.count == Self.limit { claims.removeFirst() }
        claims.append((piece, now + Self.lifetime))
    }

    mutating func remove(_ piece: PieceIndex) { claims.removeAll { $0.piece == piece } }

    func contains(_ piece: PieceIndex, now: Timestamp) -> Bool {
        claims.contains { $0.piece == piece && $0.until > now }
    }
}
