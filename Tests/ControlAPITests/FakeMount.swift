import ControlAPI
import Reactor
import Synchronization

/// A mount's process as the control socket sees it.
final class FakeMount: SessionControl {
    let answer: MountStatus
    let unmountRequests = Condition(0)
    /// While true, `status` does not return.
    let isStuck = Condition(false)

    init(_ answer: MountStatus = .sample()) { self.answer = answer }

    func status() -> MountStatus {
        isStuck.wait { $0 ? nil : () }
        return answer
    }

    func requestUnmount() { unmountRequests.update { $0 += 1 } }
}
