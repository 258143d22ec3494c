package import ControlAPI
package import Reactor

/// A mount's process as the control socket sees it, inside the test.
package final class FakeMount: SessionControl {
    /// What `status` gives.
    package let answer: MountStatus
    /// How often an unmount was asked for.
    package let unmountRequests = Condition(0)
    /// The changes of limits that were asked for.
    package let limitChanges = Condition<[LimitChange]>([])
    /// The tasks that were begun; all are number 7.
    package let tasks = Condition<[ControlTask]>([])
    /// While true, `status` does not return.
    package let isStuck = Condition(false)

    /// A mount with this status.
    package init(_ answer: MountStatus) { self.answer = answer }

    /// Waits while `isStuck`.
    package func status() -> MountStatus {
        isStuck.wait { $0 ? nil : () }
        return answer
    }

    /// Counts it.
    package func requestUnmount() { unmountRequests.update { $0 += 1 } }

    /// Notes it.
    package func limit(_ change: LimitChange) { limitChanges.update { $0.append(change) } }

    /// Notes it, but for that of a torrent called `no such`, which is not there.
    package func start(_ task: ControlTask) throws(ControlError) -> TaskStatus {
        guard task != .verify(torrent: "no such", repair: false) else {
            throw .impossible("nothing of the kind is mounted")
        }
        tasks.update { $0.append(task) }
        return TaskStatus(task: 7)
    }

    /// Half done, for ever.
    package func progress(of task: Int) -> TaskStatus? {
        guard task == 7 else { return nil }
        var status = TaskStatus(task: 7)
        (status.done, status.total) = (5, 10)
        return status
    }

    /// Cancelled.
    package func cancel(_ task: Int) -> TaskStatus? {
        guard task == 7 else { return nil }
        var status = TaskStatus(task: 7)
        status.isFinished = true
        status.failure = "cancelled"
        return status
    }
}
