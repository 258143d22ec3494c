import FUSEBridge
import Glibc
import Reactor
import TorrentCore

/// Ends the process where an orderly shutdown takes too long.
enum ShutdownWatchdog {
    /// A mount is promised to be gone within 5 s of being told; a little is left for the exit.
    private static let patience = Interval.seconds(4.7)

    /// Starts the clock. The mountpoint is freed before the process is ended.
    static func arm(mountpoint: String?) {
        let deadline = Timestamp.now() + patience
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
