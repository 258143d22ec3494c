import CLinux
import Glibc
import Reactor
import TorrentCore

/// One line on standard error that says what is waited for: updated in place on a terminal, a new
/// line where standard error is a file or a pipe.
struct ProgressDisplay {
    /// Off a terminal, lines that differ only in their numbers come at most this often.
    private static let plainInterval = Interval.seconds(5)

    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let isSilent: Bool
    private var lastText = ""
    private var lastTime: Timestamp?
    private var isShown = false

    init(isSilent: Bool = false) { self.isSilent = isSilent }

    /// Whether a line can be updated in place.
    var isLive: Bool { isTerminal && !isSilent }

    mutating func show(_ text: String) {
        let text = Failure.printable(text)
        guard !isSilent, text != lastText else { return }
        if isTerminal {
            let line = String(text.prefix(max(20, Self.columns - 1)))
            StandardStreams.write("\r\u{1B}[K" + line, to: STDERR_FILENO)
            isShown = true
        } else {
            let now = Timestamp.now()
            let isSameStep = Self.withoutNumbers(text) == Self.withoutNumbers(lastText)
            if isSameStep, let lastTime, now - lastTime < Self.plainInterval { return }
            lastTime = now
            StandardStreams.write(text + "\n", to: STDERR_FILENO)
        }
        lastText = text
    }

    /// Clears the line, before anything else is written.
    mutating func end() {
        guard isShown else { return }
        StandardStreams.write("\r\u{1B}[K", to: STDERR_FILENO)
        isShown = false
    }

    private static func withoutNumbers(_ text: String) -> String { text.filter { !$0.isNumber } }

    private static var columns: Int {
        var size = winsize()
        let result = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size)
        return result == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }
}
