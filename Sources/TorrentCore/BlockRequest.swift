/// A block as messages name it: a piece, an offset in it, and a length (BEP 3).
package struct BlockRequest: Hashable, Sendable, CustomStringConvertible {
    /// What every client asks for and what a Merkle leaf covers (BEP 3, BEP 52).
    package static let standardLength = 16 * 1024

    /// The piece.
    package let piece: PieceIndex
    /// Offset in the piece, in bytes.
    package let begin: Int32
    /// Length in bytes.
    package let length: Int32

    /// Wraps numbers that the caller has checked.
    @inlinable package init(piece: PieceIndex, begin: Int, length: Int) {
        self.piece = piece
        self.begin = Int32(begin)
        self.length = Int32(length)
    }

    /// The number of the 16 KiB block at `begin`.
    @inlinable package var blockIndex: Int { Int(begin) / Self.standardLength }

    /// Whether this block begins where `other` ends, in the same piece.
    @inlinable package func follows(_ other: BlockRequest) -> Bool {
        piece == other.piece && Int(begin) == Int(other.begin) + Int(other.length)
    }

    package var description: String { "piece \(piece) offset \(begin) length \(length)" }
}
