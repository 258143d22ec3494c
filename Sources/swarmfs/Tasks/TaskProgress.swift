import ControlAPI
import Reactor
import Synchronization
import TorrentCore

/// A task of the mount's process, between the thread that does it and the clients that ask for it.
final class TaskProgress: Sendable {
    /// A client asks several times a second. One that was stopped (Ctrl-Z) or has lost its machine
    /// for so long has lost its task.
    private static let lease = Interval.seconds(30)

    private let state: Locked<TaskStatus>
    private let wasCancelled = Atomic(false)
    private let lastAsked: Atomic<Int64>

    init(task: Int) {
        state = Locked(TaskStatus(task: task))
        lastAsked = Atomic(Timestamp.now().nanoseconds)
    }

    /// How far it is.
    var status: TaskStatus { state.withLock { $0 } }

    /// Whether it has ended, and nobody will ask any more.
    var isForgotten: Bool { status.isFinished && isAbandoned }

    /// Whether the task should end: it was cancelled, or nobody asks for it.
    var isCancelled: Bool { wasCancelled.load(ordering: .relaxed) || isAbandoned }

    private var isAbandoned: Bool {
        Timestamp.now().nanoseconds - lastAsked.load(ordering: .relaxed) > Self.lease.nanoseconds
    }

    /// A client asks how far it is.
    func ask() -> TaskStatus {
        lastAsked.store(Timestamp.now().nanoseconds, ordering: .relaxed)
        return status
    }

    /// Has the task end soon.
    func cancel() { wasCancelled.store(true, ordering: .relaxed) }

    /// Notes what has been done.
    func update(_ body: (inout TaskStatus) -> Void) { state.withLock { body(&$0) } }

    /// Does the parts of the task one after the other, and ends it: with the reason where a part
    /// fails or the task is cancelled. Each part is told where to say how much of its own is done; the
    /// task's numbers are sums over the parts so far.
    func run<Part, Failure: Error & CustomStringConvertible>(
        _ parts: [Part],
        _ body: (Part, _ progress: (_ done: Int64, _ total: Int64) -> Void) throws(Failure) -> Void
    ) {
        var before: Int64 = 0
        for part in parts {
            let start = before
            do throws(Failure) {
                try body(part) { done, total in
                    before = start + total
                    update { status in
                        status.done = start + done
                        status.total = start + total
                    }
                }
            } catch {
                return finish(error.description)
            }
            if isCancelled { return finish("cancelled") }
        }
        finish()
    }

    /// Notes the end, and why it came early.
    func finish(_ failure: String? = nil) {
        state.withLock { status in
            status.isFinished = true
            status.failure = failure
        }
    }
}
