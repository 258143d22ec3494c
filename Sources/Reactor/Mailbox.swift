/// Messages from any thread to the driver of a loop, in order.
///
/// Posting is an append under a lock, and one wake-up when the box was empty.
package final class Mailbox<Message: Sendable>: Sendable {
    private let messages = Locked<[Message]>([])
    private let loop: EventLoop

    /// A box that wakes `loop`.
    package init(loop: EventLoop) { self.loop = loop }

    /// Adds a message; from any thread.
    package func post(_ message: Message) {
        let wasEmpty = messages.withLock { messages in
            messages.append(message)
            return messages.count == 1
        }
        if wasEmpty { loop.wake() }
    }

    /// Takes all messages; for the driver, at the start of a turn.
    package func take() -> [Message] {
        messages.withLock { messages in
            guard !messages.isEmpty else { return [] }
            defer { messages = [] }
            return messages
        }
    }
}
