import PieceStorage
import Reactor
import TorrentCore

/// A source that notes what it is told.
final class RecordingSource: BlockSource {
    enum Event: Equatable, Sendable {
        case arrived(ReadID, Range<PieceIndex>)
        case ended(ReadID)
        case readahead(StreamID, Range<PieceIndex>)
        case timedOut(ReadID)
    }

    private let recorded = Locked<[Event]>([])
    private let onArrival: @Sendable (ReadID, Range<PieceIndex>) -> Void

    init(onArrival: @escaping @Sendable (ReadID, Range<PieceIndex>) -> Void = { _, _ in }) {
        self.onArrival = onArrival
    }

    var events: [Event] { recorded.withLock { $0 } }

    func readArrived(_ read: ReadID, pieces: Range<PieceIndex>) {
        onArrival(read, pieces)
        recorded.withLock { $0.append(.arrived(read, pieces)) }
    }

    func readEnded(_ read: ReadID) { recorded.withLock { $0.append(.ended(read)) } }

    func readahead(_ stream: StreamID, pieces: Range<PieceIndex>) {
        recorded.withLock { $0.append(.readahead(stream, pieces)) }
    }

    func readTimedOut(_ read: ReadID, pieces: Range<PieceIndex>, path: String) {
        recorded.withLock { $0.append(.timedOut(read)) }
    }
}
