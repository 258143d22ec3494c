package import TorrentCore

/// Whether somebody has everything, and when that was so last: a torrent whose last complete copy is
/// long gone may never be read to its end.
extension TorrentStateMachine {
    /// How long ago a complete copy was last seen, by us or by a peer; zero while there is one here,
    /// nil where none ever was.
    package func completeCopySeen(now: Timestamp) -> Interval? {
        if have.isFull || availability.seedCount > 0 { return .zero }
        return completeSeenAt.map { now - $0 }
    }

    /// A peer says how long ago it last saw a complete copy. It may be wrong: nothing depends on it.
    package mutating func peerSawComplete(ago: Interval, now: Timestamp) {
        let seen = now + (.zero - ago)
        completeSeenAt = max(completeSeenAt ?? seen, seen)
    }
}
