import Glibc

/// The end of a command that did not do what it was asked: an exit code and one line, what
/// happened and what to do.
struct Failure: Error {
    /// How the process ends.
    let code: ExitCode
    /// `what happened: what to do`, one line without control characters.
    let message: String

    init(_ code: ExitCode, _ problem: String, _ advice: String) {
        self.init(code, message: "\(problem): \(advice)")
    }

    /// From a complete message, as the background process sends it.
    init(_ code: ExitCode, message: String) {
        self.code = code
        self.message = Self.printable(message)
    }

    /// Writes the line to standard error.
    func report() {
        StandardStreams.write("swarmfs: \(message)\n", to: STDERR_FILENO)
    }

    /// `text` with control characters replaced: names from torrents and from the command line must
    /// neither break the line nor command the terminal.
    static func printable(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 32 || (127..<160).contains(scalar.value)
            result.append(isControl ? "?" : scalar)
        }
        return String(result)
    }
}
