import Reactor
import TorrentCore

extension Timestamp {
    /// A deadline that turns a hang into a failure. What is waited for takes milliseconds, and far
    /// longer where the tests beside it keep all processors busy.
    static var later: Timestamp { .now() + .seconds(Wire.patience) }
}

/// Runs what blocks on a thread of its own: Swift's pool has too few to wait on.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        do {
            _ = try Thread(name: "test-blocking") { continuation.resume(returning: body()) }
        } catch {
            continuation.resume(throwing: error)
        }
    }
}

/// Something that happens once, and that threads and tests wait for.
final class Signal: Sendable {
    private let state = Condition(false)

    func fire() { state.update { $0 = true } }

    /// For threads; false when it has not come `later`.
    @discardableResult
    func wait() -> Bool { state.wait(until: .later) { $0 ? true : nil } ?? false }

    /// For tests.
    func hasFired() async throws -> Bool { try await blocking { self.wait() } }
}
