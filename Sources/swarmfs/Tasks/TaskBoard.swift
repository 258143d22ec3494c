import ControlAPI
import Reactor

/// The tasks of a mount's process, by number, each on a thread of its own.
final class TaskBoard: Sendable {
    /// Far more than a person starts; each holds a thread.
    private static let limit = 16

    private struct State {
        var last = 0
        var tasks: [Int: TaskProgress] = [:]
    }

    private let state = Locked(State())

    /// Begins a task; `body` must return soon after its progress `isCancelled`.
    func start(
        _ body: @escaping @Sendable (TaskProgress) -> Void
    ) throws(ControlError) -> TaskStatus {
        let task = state.withLock { state -> TaskProgress? in
            for (number, task) in state.tasks where task.isForgotten { state.tasks[number] = nil }
            guard state.tasks.values.count(where: { !$0.status.isFinished }) < Self.limit else {
                return nil
            }
            state.last += 1
            let task = TaskProgress(task: state.last)
            state.tasks[state.last] = task
            return task
        }
        guard let task else {
            throw .impossible("\(Self.limit) tasks are under way already; wait for one to end")
        }
        do throws(SystemError) {
            _ = try Thread(name: "task") { body(task) }
        } catch {
            task.finish("\(error)")
        }
        return task.ask()
    }

    /// How far a task is.
    func progress(of number: Int) -> TaskStatus? { state.withLock { $0.tasks[number] }?.ask() }

    /// Has a task end.
    func cancel(_ number: Int) -> TaskStatus? {
        let task = state.withLock { $0.tasks[number] }
        task?.cancel()
        return task?.ask()
    }

    /// Has all tasks end, as the mount does.
    func cancelAll() {
        for task in state.withLock({ Array($0.tasks.values) }) { task.cancel() }
    }
}
