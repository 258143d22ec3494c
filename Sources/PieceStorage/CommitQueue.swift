import Reactor
import TorrentCore

/// The thread that makes written pieces last: it syncs data, and then tells the catalogue.
final class CommitQueue: Sendable {
    /// A process that is killed loses what it fetched in this time, and nothing else.
    private static let delay = Interval.seconds(2)
    /// Or this much, so that one sync does not take long.
    private static let batchBytes = 256 << 20
    /// From this many dirty files on, one sync of the filesystem is cheaper than one a file.
    private static let fileSyncLimit = 64

    private struct State: Sendable {
        var dirty: [ObjectIdentifier: PieceStore] = [:]
        var bytes = 0
        var oldest: Timestamp?
        var requested = 0
        var completed = 0
        var isStopping = false

        var isUrgent: Bool { isStopping || requested > completed }
    }

    private struct Batch: Sendable {
        let stores: [PieceStore]
        let ticket: Int
        let isLast: Bool
    }

    private let state = Condition(State())

    init(catalogue: Catalogue, directory: Int32, disk: DiskSync) throws(SystemError) {
        let state = self.state
        _ = try Thread(name: "commit") {
            var committer = Committer(
                catalogue: catalogue, directory: directory, disk: disk,
                fileSyncLimit: Self.fileSyncLimit)
            while true {
                let batch = Self.next(state)
                let failed = committer.commit(batch.stores)
                state.update { state in
                    state.completed = max(state.completed, batch.ticket)
                    for store in failed where !batch.isLast {
                        state.dirty[ObjectIdentifier(store)] = store
                        state.oldest = state.oldest ?? .now()
                    }
                }
                if batch.isLast { return }
            }
        }
    }

    /// Pieces of this store were written.
    func noteWritten(_ store: PieceStore, bytes: Int) {
        state.update { state in
            state.dirty[ObjectIdentifier(store)] = store
            state.bytes += bytes
            if state.oldest == nil { state.oldest = .now() }
        }
    }

    /// Commits everything written before the call; false where `deadline` comes first.
    func flush(until deadline: Timestamp) -> Bool {
        let ticket = state.update { state in
            state.requested += 1
            return state.requested
        }
        return state.wait(until: deadline) { $0.completed >= ticket ? true : nil } ?? false
    }

    /// Ends the thread after a last commit, without waiting for it.
    func stop() { state.update { $0.isStopping = true } }

    private static func next(_ state: Condition<State>) -> Batch {
        let due = state.wait { state in
            state.isUrgent ? Timestamp.zero : state.oldest.map { $0 + delay }
        }
        let batch = state.wait(until: due) { state -> Batch? in
            guard state.isUrgent || state.bytes >= batchBytes || .now() >= due ?? .zero else {
                return nil
            }
            defer {
                state.dirty = [:]
                state.bytes = 0
                state.oldest = nil
            }
            return Batch(
                stores: Array(state.dirty.values), ticket: state.requested,
                isLast: state.isStopping)
        }
        return batch ?? Batch(stores: [], ticket: 0, isLast: false)
    }
}
