/// How a torrent is cut into pieces and blocks.
///
/// In v1 and hybrid torrents every piece but the last is `pieceLength` long. In v2-only torrents
/// every file starts a new piece, so the last piece of each file may be short (BEP 52).
package struct PieceGeometry: Sendable {
    /// Nominal piece length in bytes.
    package let pieceLength: Int
    /// How many pieces there are.
    package let pieceCount: Int
    /// Lengths of the pieces that are shorter than `pieceLength`.
    private let shortPieces: [PieceIndex: Int32]
    /// Whether every file starts a new piece (v2).
    private let isAligned: Bool

    /// A contiguous payload of `totalLength` bytes (v1, hybrid). Both lengths must be positive or
    /// `totalLength` zero; the caller has checked that the piece count fits 31 bits.
    package init(totalLength: Int64, pieceLength: Int) {
        let count = Int((totalLength + Int64(pieceLength) - 1) / Int64(pieceLength))
        let rest = Int(totalLength % Int64(pieceLength))
        self.pieceLength = pieceLength
        self.pieceCount = count
        isAligned = false
        self.shortPieces = rest == 0 ? [:] : [PieceIndex(count - 1): Int32(rest)]
    }

    /// Pieces that start anew with each file (v2).
    package init(pieceLength: Int, pieceCount: Int, shortPieces: [PieceIndex: Int32]) {
        self.pieceLength = pieceLength
        self.pieceCount = pieceCount
        self.shortPieces = shortPieces
        isAligned = true
    }

    /// Length of a piece in bytes.
    package func length(of piece: PieceIndex) -> Int {
        shortPieces[piece].map(Int.init) ?? pieceLength
    }

    /// How many blocks of 16 KiB a piece has; the last may be short.
    package func blockCount(of piece: PieceIndex) -> Int {
        (length(of: piece) + BlockRequest.standardLength - 1) / BlockRequest.standardLength
    }

    /// The request for a piece's block.
    package func block(_ index: Int, of piece: PieceIndex) -> BlockRequest {
        let begin = index * BlockRequest.standardLength
        let length = min(BlockRequest.standardLength, length(of: piece) - begin)
        return BlockRequest(piece: piece, begin: begin, length: length)
    }

    /// Whether there is such a piece.
    package func contains(_ piece: PieceIndex) -> Bool {
        piece.rawValue >= 0 && piece.value < pieceCount
    }

    /// Whether `request` lies in a piece of this torrent and is not empty.
    package func contains(_ request: BlockRequest) -> Bool {
        contains(request.piece) && request.begin >= 0 && request.length > 0
            && Int(request.begin) + Int(request.length) <= length(of: request.piece)
    }

    /// Whether `request` lies in a piece, or begins in one of a v2 torrent and goes beyond its file's
    /// end, as if the piece were of full length: libtorrent 2.0 asks so, and takes zeros there.
    package func mayBeAsked(_ request: BlockRequest) -> Bool {
        if contains(request) { return true }
        return isAligned && contains(request.piece) && request.begin >= 0 && request.length > 0
            && Int(request.begin) < length(of: request.piece)
            && Int(request.begin) + Int(request.length) <= pieceLength
    }

    /// Every piece.
    package var pieces: Range<PieceIndex> { PieceIndex(0)..<PieceIndex(pieceCount) }
}
