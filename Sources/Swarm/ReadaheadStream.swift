import TorrentCore

/// One sequential reader's window.
struct ReadaheadStream {
    let key: StreamKey
    var window: Range<PieceIndex>
    /// Nothing before it is left to request.
    var cursor: PieceIndex
    /// Blocks it may still have before its turn ends.
    var credit = 0
}
