import Reactor
import Synchronization

/// Hands pieces to checking threads and counts them.
final class CheckProgress: Sendable {
    private let next = Atomic(0)
    private let done = Locked(0)

    /// The next piece's number; nil when all are taken.
    func take(below total: Int) -> Int? {
        let number = next.add(1, ordering: .relaxed).oldValue
        return number < total ? number : nil
    }

    /// Counts one; `report` gets how many are done, and is never run by two threads at once.
    func finish(_ report: (Int) -> Void) {
        done.withLock { done in
            done += 1
            report(done)
        }
    }
}
