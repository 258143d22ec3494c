import PieceStorage
import Reactor
import TorrentCore

/// A source that has everything, and hands in what streams want on a thread of its own.
final class FeedingSource: BlockSource {
    private struct State {
        var windows: [StreamID: Range<PieceIndex>] = [:]
        var isStopped = false
    }

    private let state = Condition(State())
    private let asked = Locked<[Range<PieceIndex>]>([])

    /// Feeds `store` until `stop`.
    init(_ store: PieceStore, _ torrent: SampleTorrent) throws {
        _ = try Thread(name: "feed") { [state] in
            while true {
                let piece = state.wait { state -> PieceIndex?? in
                    if state.isStopped { return .some(nil) }
                    for window in state.windows.values {
                        if let piece = window.first(where: { !store.has($0) }) { return piece }
                    }
                    return nil
                }
                guard let piece, let piece else { return }
                store.put(piece, torrent.bytes(of: piece))
            }
        }
    }

    /// Every window that was asked for.
    var windows: [Range<PieceIndex>] { asked.withLock { $0 } }
    /// Windows that were not ended.
    var openCount: Int { state.update { $0.windows.count } }

    func stop() { state.update { $0.isStopped = true } }

    func readahead(_ stream: StreamID, pieces: Range<PieceIndex>) {
        asked.withLock { $0.append(pieces) }
        state.update { $0.windows[stream] = pieces.isEmpty ? nil : pieces }
    }

    func readArrived(_ read: ReadID, pieces: Range<PieceIndex>) {}
    func readEnded(_ read: ReadID) {}
    func readTimedOut(_ read: ReadID, pieces: Range<PieceIndex>, path: String) {}
}
