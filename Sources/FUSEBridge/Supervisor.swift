import CLinux
import Glibc
import Reactor
import Synchronization
import TorrentCore

/// Wakes the thread that ends what has waited long enough, and that watches the mount table.
final class Supervisor: Sendable {
    /// What the thread was woken by.
    struct Event {
        /// The mount table has changed.
        let mountsChanged: Bool
    }

    private let wakeup: OwnedDescriptor
    private let mounts: OwnedDescriptor
    /// When the thread wakes by itself.
    private let planned = Atomic(Int64.max)

    init() throws(SystemError) {
        wakeup = try OwnedDescriptor(eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)), "eventfd")
        mounts = try OwnedDescriptor(
            open(MountTable.path, O_RDONLY | O_CLOEXEC), "open \(MountTable.path)")
    }

    /// Makes the thread take a turn soon; from any thread.
    func wake() {
        var one: UInt64 = 1
        _ = write(wakeup.rawValue, &one, 8)
    }

    /// Makes sure that the thread takes a turn at `deadline` at the latest.
    func wake(by deadline: Timestamp) {
        if deadline.nanoseconds < planned.load(ordering: .sequentiallyConsistent) { wake() }
    }

    /// The mount table as it is now.
    func mountTable() -> MountTable { MountTable(reading: mounts.rawValue) }

    /// Says that deadlines from now on are unknown until `wait`: whoever sets one will wake.
    func beginTurn() { planned.store(.max, ordering: .sequentiallyConsistent) }

    /// Sleeps until `deadline` or the next event; for the thread alone.
    func wait(until deadline: Timestamp?) -> Event {
        planned.store(deadline?.nanoseconds ?? .max, ordering: .sequentiallyConsistent)
        var descriptors = [
            pollfd(fd: wakeup.rawValue, events: Int16(POLLIN), revents: 0),
            pollfd(fd: mounts.rawValue, events: Int16(POLLPRI), revents: 0),
        ]
        let left = deadline.map { max(0, ($0 - .now()).millisecondsRoundedUp) } ?? -1
        poll(&descriptors, 2, Int32(clamping: left))
        if descriptors[0].revents != 0 {
            var count: UInt64 = 0
            _ = read(wakeup.rawValue, &count, 8)
        }
        return Event(mountsChanged: descriptors[1].revents != 0)
    }
}
