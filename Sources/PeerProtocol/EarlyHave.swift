import TorrentCore

/// What a peer said it has before the torrent's size was known, kept as it came.
struct EarlyHave: Sendable {
    enum Base: Sendable {
        case unsaid
        case none
        case all
        case bits([UInt8])
    }

    /// Changes beyond this are forgotten, 128 KiB a peer: the peer is then believed to have a
    /// little less than it does.
    static let maximumChanges = 16 * 1024

    private var base = Base.unsaid
    private var changes: [(piece: PieceIndex, isHad: Bool)] = []

    /// All that was said before is replaced.
    mutating func replace(with base: Base) {
        self.base = base
        changes = []
    }

    /// One piece more or less.
    mutating func change(_ piece: PieceIndex, isHad: Bool) {
        guard changes.count < Self.maximumChanges else { return }
        changes.append((piece, isHad))
    }

    /// What it comes to in a torrent of `pieceCount` pieces; nil where nothing was said.
    func resolved(pieceCount: Int) throws(PeerCloseReason) -> PeerAction? {
        for (piece, _) in changes where piece.value >= pieceCount {
            throw .invalidPiece(UInt32(bitPattern: piece.rawValue))
        }
        var bits = Bitfield(count: pieceCount)
        switch base {
        case .unsaid:
            if changes.isEmpty { return nil }
        case .none:
            if changes.isEmpty { return .peerHasNone }
        case .all:
            if changes.isEmpty { return .peerHasAll }
            bits = Bitfield(count: pieceCount, allSet: true)
        case .bits(let bytes):
            guard let field = Bitfield(count: pieceCount, wire: bytes.span) else {
                throw .invalidBitfield
            }
            bits = field
        }
        for (piece, isHad) in changes { bits[piece] = isHad }
        return .peerBitfield(bits)
    }
}
