import TorrentCore

/// Verified bytes of a piece that is not here whole, and where they are.
struct BlockPart {
    /// In the piece, in bytes.
    let range: Range<Int>
    /// The block that has them; nil where they are in a cache file.
    let memory: ReceivedBlock?
}
