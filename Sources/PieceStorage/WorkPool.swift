package import Reactor

/// Threads that take work from two queues, the urgent one first.
package final class WorkPool: Sendable {
    private struct State: Sendable {
        var urgent = WorkQueue<@Sendable () -> Void>()
        var ordinary = WorkQueue<@Sendable () -> Void>()
        var isStopping = false
    }

    private let state = Condition(State())
    private let threads: [Thread]

    /// Starts `threadCount` threads called `name`.
    package init(name: String, threadCount: Int) throws(SystemError) {
        let state = self.state
        var threads: [Thread] = []
        for _ in 0..<max(1, threadCount) {
            threads.append(try Thread(name: name) { Self.run(state) })
        }
        self.threads = threads
    }

    // Does not join: the last reference may go away on one of the threads.
    deinit { state.update { $0.isStopping = true } }

    /// Queues work, behind all other of the same urgency; false, and nothing is done, after
    /// `stop`.
    package func submit(urgent: Bool = false, _ work: @escaping @Sendable () -> Void) -> Bool {
        state.updateForOne { state in
            guard !state.isStopping else { return false }
            if urgent { state.urgent.append(work) } else { state.ordinary.append(work) }
            return true
        }
    }

    /// Finishes what is queued and ends the threads. Not from one of them.
    package func stop() {
        state.update { $0.isStopping = true }
        for thread in threads { thread.join() }
    }

    private static func run(_ state: Condition<State>) {
        while let work = next(state) { work() }
    }

    private static func next(_ state: Condition<State>) -> (@Sendable () -> Void)? {
        let work: (@Sendable () -> Void)?? = state.wait { state in
            if let work = state.urgent.take() ?? state.ordinary.take() { return .some(work) }
            return state.isStopping ? .some(nil) : nil
        }
        return work ?? nil
    }
}
