import Reactor
import TorrentCore

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

    /// For threads; false after ten seconds.
    @discardableResult
    func wait() -> Bool { state.wait(until: .now() + .seconds(10)) { $0 ? true : nil } ?? false }

    /// For tests.
    func hasFired() async throws -> Bool { try await blocking { self.wait() } }
}
