import Glibc

/// Reports to the process that started this one, and which may be gone at any time.
final class PipeReporter: MountReporter {
    private let descriptor: Int32
    private var lastText = ""
    private var isOpen = true

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    func progress(_ text: String) -> Bool {
        guard text != lastText else { return isHeard }
        lastText = text
        return send(.progress(text))
    }

    func note(_ text: String) { send(.note(text)) }

    func ready(_ text: String) {
        finish(.ready(text))
    }

    /// The mount will not come; nothing is told after `ready`.
    func failed(_ failure: Failure) { finish(.failed(failure.code, failure.message)) }

    private func finish(_ message: ReadinessMessage) {
        guard isOpen else { return }
        send(message)
        close(descriptor)
        isOpen = false
    }

    /// Whether the other end of the pipe is still open.
    private var isHeard: Bool {
        var polled = pollfd(fd: descriptor, events: 0, revents: 0)
        return poll(&polled, 1, 0) <= 0
    }

    @discardableResult
    private func send(_ message: ReadinessMessage) -> Bool {
        StandardStreams.write(message.line, to: descriptor)
    }
}
