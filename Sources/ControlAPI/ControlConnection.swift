import Glibc
import Reactor
import TorrentCore

/// One client of a `ControlServer`, used on the server's thread only.
final class ControlConnection {
    private let owned: OwnedDescriptor
    private let timeout: Interval
    private var input: [UInt8] = []
    /// How much of `input` holds no newline: a long request is searched once.
    private var searched = 0
    private var output: [UInt8] = []
    private var written = 0
    private var closesAfterOutput = false
    private(set) var isClosed = false
    /// When the connection is dropped, unless a request has been answered by then.
    private(set) var deadline: Timestamp

    init(_ descriptor: consuming OwnedDescriptor, timeout: Interval) {
        owned = descriptor
        self.timeout = timeout
        deadline = .now() + timeout
    }

    var descriptor: Int32 { owned.rawValue }
    var isWriting: Bool { written < output.count }

    /// Reads or writes what is possible now, and answers complete lines.
    func advance(_ answer: ([UInt8]) -> ControlReply) {
        if isWriting { writeOutput() } else { readInput() }
        while !isClosed, !isWriting, let line = takeLine() {
            output = (line.map(answer) ?? .failed(ControlError.requestTooLong.description)).encoded
            output.append(UInt8(ascii: "\n"))
            written = 0
            writeOutput()
            deadline = .now() + timeout
        }
    }

    /// The next complete line; nil inside where it is too long, nil outside where none is there.
    private func takeLine() -> [UInt8]?? {
        if let end = newline {
            let line = Array(input[..<end])
            input.removeSubrange(...end)
            searched = 0
            return .some(line)
        }
        searched = input.count
        guard input.count > ControlRequest.maximumLength else { return nil }
        input = []
        searched = 0
        closesAfterOutput = true
        return .some(nil)
    }

    private var newline: Int? {
        input.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress, searched < bytes.count,
                let found = memchr(start + searched, 10, bytes.count - searched)
            else { return nil }
            return UnsafeRawPointer(found) - start
        }
    }

    private func readInput() {
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(owned.rawValue, &chunk, chunk.count, 0)
        if count > 0 {
            input += chunk[..<count]
        } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
            isClosed = true
        }
    }

    private func writeOutput() {
        while isWriting {
            let count = output.withUnsafeBytes { bytes in
                send(
                    owned.rawValue, bytes.baseAddress.map { $0 + written }, bytes.count - written,
                    Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                written += count
            } else {
                if errno != EAGAIN && errno != EINTR { isClosed = true }
                return
            }
        }
        if closesAfterOutput { isClosed = true }
    }
}
