import TorrentCore

/// The order in which the far part of a readahead window is opened: rarest first, so that several
/// clients that read the same torrent fetch different pieces from the seeds and the rest from
/// each other.
enum PiecePicker {
    /// Lower is better. Equally rare pieces are ordered differently in every client.
    static func rank(
        _ piece: PieceIndex, availability: borrowing PieceAvailability, salt: UInt64
    ) -> (Int, UInt64) {
        var mix = SeededRandom(seed: salt ^ UInt64(truncatingIfNeeded: piece.value))
        return (availability.count(of: piece), mix.next())
    }
}
