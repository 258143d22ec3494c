import Reactor
import TorrentCore

/// Calls the asynchronous edge of the engine from ordinary threads.
enum Blocking {
    /// Runs `operation` on the concurrent executor and waits for its result. Only for threads that
    /// are not of that executor.
    static func wait<Value: Sendable>(
        _ operation: @escaping @Sendable () async -> Value
    ) -> Value {
        let result = start(operation)
        guard let value = result.wait({ $0 }) else {
            preconditionFailure("a wait without a deadline ends with a value")
        }
        return value
    }

    /// The same; nil where it takes longer than `patience`. It goes on in the background then.
    static func wait<Value: Sendable>(
        atMost patience: Interval, _ operation: @escaping @Sendable () async -> Value
    ) -> Value? {
        start(operation).wait(until: .now() + patience) { $0 }
    }

    private static func start<Value: Sendable>(
        _ operation: @escaping @Sendable () async -> Value
    ) -> Condition<Value?> {
        let result = Condition<Value?>(nil)
        Task.detached {
            let value = await operation()
            result.update { $0 = value }
        }
        return result
    }
}
