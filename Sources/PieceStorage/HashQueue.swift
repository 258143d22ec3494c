import Reactor
import TorrentCore
import TorrentCrypto

/// Full pieces of all torrents that wait for a hash thread; those that reads wait for go first.
///
/// Where two wait that can be hashed in one go, a thread takes both: that takes a seventh more time
/// than one, so neither is held up.
final class HashQueue: Sendable {
    private struct State: Sendable {
        var urgent = WorkQueue<SubmittedPiece>()
        var ordinary = WorkQueue<SubmittedPiece>()

        var first: SubmittedPiece? { urgent.first ?? ordinary.first }

        mutating func take() -> SubmittedPiece? { urgent.take() ?? ordinary.take() }
    }

    private let state = Locked(State())

    /// Queues a piece; a call of `work` on a hash thread must follow.
    func append(_ piece: SubmittedPiece, isUrgent: Bool) {
        state.withLock { state in
            if isUrgent { state.urgent.append(piece) } else { state.ordinary.append(piece) }
        }
    }

    /// Verifies the next piece, or the next two; none where another thread has taken them.
    func work() {
        let taken = state.withLock { state -> (SubmittedPiece, SubmittedPiece?)? in
            guard let first = state.take() else { return nil }
            let isPair = state.first.map { first.pairs(with: $0) } ?? false
            return (first, isPair ? state.take() : nil)
        }
        guard let (first, second) = taken else { return }
        guard let second else { return first.store.finish(first, digest: nil) }
        let digests = SHA1Pair.digests(
            UnsafeRawBufferPointer(first.buffer.bytes), UnsafeRawBufferPointer(second.buffer.bytes))
        first.store.finish(first, digest: digests.0)
        second.store.finish(second, digest: digests.1)
    }

    /// Takes out all that no thread will come for, as the pool has been stopped.
    func takeAll() -> [SubmittedPiece] {
        state.withLock { state in
            var pieces: [SubmittedPiece] = []
            while let piece = state.take() { pieces.append(piece) }
            return pieces
        }
    }
}
