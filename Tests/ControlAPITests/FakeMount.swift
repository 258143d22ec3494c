import ControlAPI
import Reactor
import Synchronization

/// A mount's process as the control socket sees it.
final class FakeMount: SessionControl {
    let answer: MountStatus
    let unmountRequests = Condition(0)
    let limitChanges = Condition<[LimitChange]>([])
    let tasks = Condition<[ControlTask]>([])
    /// While true, `status` does not return.
    let isStuck = Condition(false)

    init(_ answer: MountStatus = .sample()) { self.answer = answer }

    func status() -> MountStatus {
        isStuck.wait { $0 ? nil : () }
        return answer
    }

    func requestUnmount() { unmountRequests.update { $0 += 1 } }

    func limit(_ change: LimitChange) { limitChanges.update { $0.append(change) } }

    func start(_ task: ControlTask) throws(ControlError) -> TaskStatus {
        guard task != .verify(torrent: "no such", repair: false) else {
            throw .impossible("nothing of the kind is mounted")
        }
        tasks.update { $0.append(task) }
        return TaskStatus(task: 7)
    }

    func progress(of task: Int) -> TaskStatus? {
        guard task == 7 else { return nil }
        var status = TaskStatus(task: 7)
        (status.done, status.total) = (5, 10)
        return status
    }

    func cancel(_ task: Int) -> TaskStatus? {
        guard task == 7 else { return nil }
        var status = TaskStatus(task: 7)
        status.isFinished = true
        status.failure = "cancelled"
        return status
    }
}
