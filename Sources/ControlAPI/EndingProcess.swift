import Glibc
import Reactor
package import TorrentCore

/// A process that has been asked to end, known by the lock it holds while it lives.
package final class EndingProcess: Sendable {
    /// Between two looks: not noticed by a person, not a load.
    private static let pollInterval: UInt32 = 10_000

    /// Its process id, for messages.
    package let pid: Int32
    private let lock: OwnedDescriptor

    /// Takes the open pid file over.
    init(pid: Int32, lock: Int32) {
        self.pid = pid
        self.lock = OwnedDescriptor(lock)
    }

    /// Waits until the process has let its lock go, which it does at its very end; false where it
    /// still lives after `patience`.
    package func waitUntilGone(_ patience: Interval) -> Bool {
        let deadline = Timestamp.now() + patience
        while flock(lock.rawValue, LOCK_SH | LOCK_NB) != 0 {
            guard Timestamp.now() < deadline else { return false }
            usleep(Self.pollInterval)
        }
        return true
    }
}
