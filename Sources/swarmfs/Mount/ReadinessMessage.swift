/// What the process in the background tells the one that started it: one line each.
enum ReadinessMessage: Equatable {
    /// What it waits for.
    case progress(String)
    /// Something that the user should know.
    case note(String)
    /// The mount answers; the text is for the user.
    case ready(String)
    /// It will end with this code; the text says why.
    case failed(ExitCode, String)

    /// The line, newline included. Control characters in texts become `?`.
    var line: String {
        switch self {
        case .progress(let text): "progress \(Failure.printable(text))\n"
        case .note(let text): "note \(Failure.printable(text))\n"
        case .ready(let text): "ready \(Failure.printable(text))\n"
        case .failed(let code, let text): "failed \(code.rawValue) \(Failure.printable(text))\n"
        }
    }

    /// From a line without its newline; nil where it is none of these.
    init?(line: String) {
        let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "progress": self = .progress(String(parts[1]))
        case "note": self = .note(String(parts[1]))
        case "ready": self = .ready(String(parts[1]))
        case "failed":
            let rest = parts[1].split(separator: " ", maxSplits: 1)
            guard rest.count == 2, let number = Int32(rest[0]),
                let code = ExitCode(rawValue: number)
            else { return nil }
            self = .failed(code, String(rest[1]))
        default: return nil
        }
    }
}
