import ControlAPI
import Glibc
import Reactor
import Synchronization

/// Has a mount's process do a task, and follows it to its end.
final class TaskClient: Sendable {
    /// Milliseconds between two questions: short at first, as many tasks take no time.
    private static let delays: ClosedRange<Int32> = 10...200
    /// Questions in a row that a busy process may leave unanswered.
    private static let patience = 3

    /// Nil where Ctrl-C just ends this process: the task then ends a little later.
    private let signals: SignalSource?
    private let wasInterrupted = Atomic(false)

    /// From now on Ctrl-C ends the task, and then the command.
    init() { signals = try? SignalSource() }

    /// Runs a task to its end; `show` gets its state now and then. What the task's process cannot
    /// do is a failure with its reason.
    func run(
        _ task: ControlTask, at mountpoint: String, show: (TaskStatus) -> Void
    ) throws(Failure) -> TaskStatus {
        let client = ControlClient()
        var status: TaskStatus
        guard !isInterrupted else { throw Self.interrupted }
        do throws(ControlError) {
            status = try client.start(task, at: mountpoint)
        } catch {
            throw Self.failure(error)
        }
        var delay = Self.delays.lowerBound
        var missed = 0
        while !status.isFinished {
            show(status)
            wait(delay)
            if isInterrupted {
                _ = try? client.cancel(status.task, at: mountpoint)
                throw Self.interrupted
            }
            delay = min(delay * 2, Self.delays.upperBound)
            do throws(ControlError) {
                status = try client.progress(of: status.task, at: mountpoint)
                missed = 0
            } catch {
                missed += 1
                guard error == .timedOut, missed < Self.patience else { throw Self.failure(error) }
            }
        }
        show(status)
        if let failure = status.failure { throw Failure(.failure, message: failure) }
        return status
    }

    /// The end by Ctrl-C.
    static let interrupted = Failure(.failure, "interrupted", "run it again to go on")

    /// From what the control socket says, with advice.
    static func failure(_ error: ControlError) -> Failure {
        switch error {
        case .refused(let reason): Failure(.failure, message: reason)
        case .notMounted:
            Failure(
                .failure, error.description, "run `swarmfs status` to see this user's mounts")
        case .timedOut:
            Failure(.failure, error.description, "try again, or look into the mount's log")
        default: Failure(.failure, error.description, "try again as the user who mounted it")
        }
    }

    /// Whether Ctrl-C was pressed since this object was made.
    var isInterrupted: Bool {
        if signals?.take() != nil { wasInterrupted.store(true, ordering: .relaxed) }
        return wasInterrupted.load(ordering: .relaxed)
    }

    /// Waits, no longer than until a signal comes.
    private func wait(_ milliseconds: Int32) {
        var polled = pollfd(fd: signals?.descriptor ?? -1, events: Int16(POLLIN), revents: 0)
        _ = poll(&polled, 1, milliseconds)
    }
}
