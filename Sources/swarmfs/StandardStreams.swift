import Glibc
import Reactor

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
        FileTransfer.write(Array(text.utf8), to: descriptor) == nil
    }

    /// Writes one line to standard output.
    static func print(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }
}
