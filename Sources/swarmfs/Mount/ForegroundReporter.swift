import Reactor

/// Shows progress on the process's own terminal.
final class ForegroundReporter: MountReporter {
    private var display = ProgressDisplay()

    func progress(_ text: String) -> Bool {
        display.show(text)
        return true
    }

    /// The log is on the terminal.
    func note(_ text: String) {}

    func ready(_ text: String) {
        display.end()
        StandardStreams.print(text)
    }
}
