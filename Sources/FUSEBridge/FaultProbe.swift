import CFUSE
import Glibc
import Reactor

/// What a thread that waits for a read is about, as `/proc` tells it.
enum FaultProbe {
    /// What the thread does.
    enum Activity: Equatable {
        /// A system call that reads; also where it cannot be told.
        case reading
        /// It touches a mapping. A failed read would kill it (SIGBUS), whatever the signal.
        case faulting
        /// It runs at this moment: to be asked again.
        case running
    }

    /// Signals that do not end a program which does not handle them.
    private static let harmless = [
        SIGCHLD, SIGCONT, SIGURG, SIGWINCH, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU,
    ]

    /// What a thread does. Only processes that this one may trace can be told.
    static func activity(of thread: Int32) -> Activity {
        guard let text = contents("/proc/\(thread)/syscall"),
            let first = text.split(whereSeparator: \.isWhitespace).first
        else { return .reading }
        if first == "running" { return .running }
        guard let number = Int(first) else { return .reading }
        return swarmfs_is_read_call(number) != 0 ? .reading : .faulting
    }

    /// Whether a signal waits for a thread that will end it, or the thread is gone.
    static func isDying(_ thread: Int32) -> Bool {
        guard let status = contents("/proc/\(thread)/status") else { return true }
        return isDying(status: status)
    }

    /// The same, from the text of `/proc/<thread>/status`.
    static func isDying(status: String) -> Bool {
        var masks: [Substring: UInt64] = [:]
        for line in status.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count == 2, words[0].hasPrefix("S") else { continue }
            masks[words[0]] = UInt64(words[1], radix: 16)
        }
        // A thread that has a signal already is not woken by a fatal one of its process, which then
        // stands among the shared ones.
        let pending = (masks["SigPnd:"] ?? 0) | (masks["ShdPnd:"] ?? 0)
        let survived = ["SigBlk:", "SigIgn:", "SigCgt:"].reduce(into: UInt64(0)) { mask, name in
            mask |= masks[name] ?? 0
        }
        let harmless = harmless.reduce(into: UInt64(0)) { $0 |= 1 << UInt64($1 - 1) }
        return pending & ~survived & ~harmless != 0
    }

    private static func contents(_ path: String) -> String? {
        guard let descriptor = try? OwnedDescriptor(open(path, O_RDONLY | O_CLOEXEC), path) else {
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor.rawValue, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
