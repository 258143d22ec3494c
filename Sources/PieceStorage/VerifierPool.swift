import Reactor

/// Verifiers at rest, so that a piece costs no allocation of digest contexts.
final class VerifierPool: Sendable {
    private let idle = Locked<[PieceVerifier]>([])

    /// Runs `body` with a verifier that no other thread has meanwhile.
    func withVerifier<Result>(_ body: (PieceVerifier) -> Result) -> Result {
        let verifier = idle.withLock { $0.popLast() } ?? PieceVerifier()
        defer { idle.withLock { $0.append(verifier) } }
        return body(verifier)
    }
}
