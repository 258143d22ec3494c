package import TorrentCore

/// Where missing pieces come from: the engine, told what readers want. All calls are from any
/// thread and return at once.
package protocol BlockSource: Sendable {
    /// A read now waits for those of these pieces that are missing.
    func readArrived(_ read: ReadID, pieces: Range<PieceIndex>)
    /// The same for a read that needs no more of them than a part of the payload.
    func readArrived(_ read: ReadID, pieces: Range<PieceIndex>, bytes: Range<Int64>?)
    /// A read no longer waits: answered, cancelled or timed out.
    func readEnded(_ read: ReadID)
    /// A sequential reader will want these pieces next; replaces what it was said to want before.
    /// An empty range ends the stream.
    func readahead(_ stream: StreamID, pieces: Range<PieceIndex>)
    /// A read has waited in vain for `read-timeout`: the source logs why (no peer has the piece,
    /// all choke us, ...). `path` is for the log.
    func readTimedOut(_ read: ReadID, pieces: Range<PieceIndex>, path: String)
}

extension BlockSource {
    /// For sources that fetch whole pieces only.
    package func readArrived(_ read: ReadID, pieces: Range<PieceIndex>, bytes: Range<Int64>?) {
        readArrived(read, pieces: pieces)
    }
}
