import PieceStorage

extension CachedTorrent {
    /// The name as text; for a terminal still to be made printable.
    var title: String { String(decoding: name, as: UTF8.self) }
}
