import FUSEBridge
import Glibc
import Reactor
import TorrentCore

/// Ends the process where an orderly shutdown takes too long.
enum ShutdownWatchdog {
    /// A mount is promised to be gone so soon after it is told to end, whatever hangs: people who wait
    /// longer kill it.
    private static let endingLimit = Interval.seconds(5)
    /// What the exit itself takes at most.
    private static let exitTime = Interval.milliseconds(300)

    /// Starts the clock. The mountpoint is freed before the process is ended.
    static func arm(mountpoint: String?) {
        let deadline = Timestamp.now() + (endingLimit - exitTime)
        let thread = try? Thread(name: "watchdog") {
            let never = Condition(0)
            _ = never.wait(until: deadline) { _ in nil as Int? }
            Log.error("the shutdown takes too long: ending the process")
            if let mountpoint { _ = StaleMount.unmountLazily(mountpoint) }
            _exit(ExitCode.failure.rawValue)
        }
        if thread == nil { Log.warning("no thread for the shutdown watchdog") }
    }
}
