import Foundation

/// Breaks what hangs: past its limit it aborts the mounts below a folder and kills the processes
/// that serve them, so that whoever waits for them goes on and fails.
final class Watchdog: @unchecked Sendable {
    // Safe: `state` guards both flags.
    private let state = NSCondition()
    private var isStopped = false
    private var barked = false

    init(folder: String, swarmfs: Swarmfs, limit: Double) {
        let deadline = Deadline(seconds: limit)
        Thread { [self] in
            state.lock()
            while !isStopped, !deadline.hasPassed { _ = state.wait(until: deadline.date) }
            let mustBark = !isStopped
            barked = mustBark
            state.unlock()
            guard mustBark else { return }
            for entry in MountTable.entries(below: folder) { MountTable.abort(entry) }
            for pid in swarmfs.processes() { kill(pid, SIGKILL) }
        }.start()
    }

    var hasBarked: Bool { state.withLock { barked } }

    func stop() {
        state.withLock {
            isStopped = true
            state.broadcast()
        }
    }
}
