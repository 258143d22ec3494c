import PieceStorage

/// Where a block of a run goes.
///
/// Safe to pass on: a scratch block is written under the lock of its `RunLanding` until the block is
/// complete, and read after that by the loop's thread only.
enum BlockPlace: @unchecked Sendable {
    /// Its place in the piece.
    case piece(PieceBuffer)
    /// Beside it, as somebody else is writing there.
    case scratch(ScratchBlock)
    /// Nowhere.
    case nowhere
}
