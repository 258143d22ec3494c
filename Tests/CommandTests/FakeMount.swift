import ControlAPI
import Reactor

/// A mount's process as the control socket sees it, inside the test.
final class FakeMount: SessionControl {
    let answer: MountStatus
    let unmountRequests = Condition(0)

    init(_ answer: MountStatus) { self.answer = answer }

    func status() -> MountStatus { answer }
    func requestUnmount() { unmountRequests.update { $0 += 1 } }
}
