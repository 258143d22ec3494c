import TorrentCore

/// One sequential reader's window.
struct ReadaheadStream {
    let key: StreamKey
    var window: Range<PieceIndex>
    /// Where it has read in order since.
    var start: PieceIndex
    /// Nothing before it is left to request.
    var cursor: PieceIndex
    /// How far ahead spared seeds are asked.
    var horizon = SharingHorizon()
    /// Blocks it may still have before its turn ends.
    var credit = 0
}
