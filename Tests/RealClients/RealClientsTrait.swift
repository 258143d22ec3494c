import Foundation
package import Testing

/// Runs a test that starts real programs on threads of its own, few at a time.
///
/// Such tests block: on the cooperative pool they would stop all others. And each starts several
/// processes, which share few cores with the ones whose promises are about time.
package struct RealClientsTrait: TestTrait, SuiteTrait, TestScoping {
    fileprivate let gate: RealClientsGate

    /// Applies to each test of a suite.
    package let isRecursive = true

    /// Waits for its turn and runs the test on a thread that may block.
    package func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        await gate.enter()
        let result: Result<Void, any Error>
        do {
            try await withTaskExecutorPreference(BlockingExecutor.shared) { try await function() }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await gate.leave()
        try result.get()
    }
}

extension Trait where Self == RealClientsTrait {
    /// The test starts real programs.
    package static var realClients: RealClientsTrait { RealClientsTrait(gate: .busy) }

    /// It starts programs that for the most part wait for timers of their own: more of them fit
    /// beside each other, and beside the busy ones.
    package static var idleClients: RealClientsTrait { RealClientsTrait(gate: .idle) }
}

/// Lets so many tests through at a time; the others wait without holding a thread.
private actor RealClientsGate {
    static let busy = RealClientsGate(width: 2)
    static let idle = RealClientsGate(width: 4)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(width: Int) { free = width }

    func enter() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func leave() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}

/// Threads that tests may block.
private final class BlockingExecutor: TaskExecutor {
    static let shared = BlockingExecutor()

    private let queue = DispatchQueue(label: "real clients", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
