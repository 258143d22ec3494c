import PieceStorage
import Reactor
import TorrentCore
import TorrentTree

/// Waits of reads that were failed after the grace time, kept until the kernel has asked again, so
/// that the swarm does not drop and restart what is on its way.
final class LingeringWaits: Sendable {
    /// How long the kernel has to ask again; it takes microseconds unless the machine is
    /// overloaded or the reader is gone.
    static let time = Interval.seconds(1)

    /// A wait nobody is behind for the moment.
    struct Wait {
        let id: ReadID
        let torrent: Int
        let node: NodeID
        let bytes: Range<Int64>
        let pieces: Range<PieceIndex>
        let end: Timestamp
    }

    private let waits = Locked<[Wait]>([])

    /// Keeps a wait.
    func add(_ wait: Wait) { waits.withLock { $0.append(wait) } }

    /// Takes out the waits for the same pieces, as a new wait has taken their place.
    func take(_ node: NodeID, _ pieces: Range<PieceIndex>) -> [Wait] {
        take { $0.node == node && $0.pieces == pieces }
    }

    /// Takes out the waits for bytes of a file that its reader no longer wants.
    func take(_ node: NodeID, overlapping bytes: Range<Int64>) -> [Wait] {
        take { $0.node == node && $0.bytes.overlaps(bytes) }
    }

    /// Takes out the waits that have lasted long enough.
    func takeExpired(_ now: Timestamp) -> [Wait] { take { !(now < $0.end) } }

    /// Takes out all waits.
    func takeAll() -> [Wait] { take { _ in true } }

    /// When the next one has lasted long enough.
    var nextEnd: Timestamp? { waits.withLock { $0.lazy.map(\.end).min() } }

    private func take(_ isMeant: (Wait) -> Bool) -> [Wait] {
        waits.withLock { waits in
            guard !waits.isEmpty else { return [] }
            let taken = waits.filter(isMeant)
            waits.removeAll(where: isMeant)
            return taken
        }
    }
}
