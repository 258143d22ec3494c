import Glibc

/// The three descriptors that every process is expected to have.
enum StandardStreams {
    /// Opens `/dev/null` for those that the caller closed, so that no socket or pipe gets a number
    /// below 3 and is written to by accident.
    static func ensureOpen() {
        while true {
            let number = open("/dev/null", O_RDWR)
            guard number >= 0 else { return }
            guard number <= STDERR_FILENO else {
                close(number)
                return
            }
        }
    }

    /// Writes a text as it is; `false` where it could not be written whole.
    @discardableResult
    static func write(_ text: String, to descriptor: Int32) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }

    /// Writes one line to standard output.
    static func print(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }
}
