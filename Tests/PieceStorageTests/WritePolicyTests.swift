import Testing
import TorrentCore

@testable import PieceStorage

@Suite("Fast streams are written past the page cache")
struct WritePolicyTests {
    private static let piece = 1 << 20

    private var policy: WritePolicy {
        WritePolicy(fastRate: 64 << 20, bufferBytes: 64 * Self.piece)
    }

    /// The modes of pieces that come at this pace.
    private func modes(
        _ policy: inout WritePolicy, count: Int, every pace: Interval, from start: Timestamp,
        backlog: Int = piece
    ) -> [WriteMode] {
        var now = start
        return (0..<count).map { _ in
            defer { now = now + pace }
            return policy.mode(bytes: Self.piece, backlog: backlog, now: now)
        }
    }

    private let start = Timestamp.zero + .seconds(100)

    @Test func `a slow stream goes through the page cache`() {
        var policy = policy
        let modes = modes(&policy, count: 100, every: .milliseconds(20), from: start)
        #expect(modes.allSatisfy { $0 == .cached })
    }

    @Test func `a fast stream goes past it from the first tenth of a second on`() {
        var policy = policy
        let modes = modes(&policy, count: 200, every: .milliseconds(2), from: start)
        #expect(modes[0] == .cached)
        #expect(modes.dropFirst(50).allSatisfy { $0 == .direct })
    }

    @Test func `a fast stream that ends is forgotten`() {
        var policy = policy
        _ = modes(&policy, count: 200, every: .milliseconds(2), from: start)
        let later = modes(&policy, count: 1, every: .zero, from: start + .seconds(2))
        #expect(later == [.cached])
    }

    @Test func `what the disk does not keep up with goes the quicker way`() {
        var policy = policy
        _ = modes(&policy, count: 200, every: .milliseconds(2), from: start)
        let now = start + .milliseconds(400)
        policy.wrote(Self.piece, .direct, in: .milliseconds(10))
        policy.wrote(Self.piece, .cached, in: .milliseconds(1))
        let backlog = 20 * Self.piece
        #expect(policy.mode(bytes: Self.piece, backlog: backlog, now: now) == .cached)
        #expect(policy.mode(bytes: Self.piece, backlog: Self.piece, now: now) == .direct)
        for _ in 0..<100 { policy.wrote(Self.piece, .cached, in: .milliseconds(20)) }
        #expect(policy.mode(bytes: Self.piece, backlog: backlog, now: now) == .direct)
    }

    @Test func `a disk that keeps up with the stream is waited for`() {
        var policy = policy
        _ = modes(&policy, count: 200, every: .milliseconds(2), from: start)
        for _ in 0..<100 { policy.wrote(Self.piece, .direct, in: .milliseconds(1)) }
        policy.wrote(Self.piece, .cached, in: .microseconds(100))
        // One write that the disk, or the processor, let wait.
        policy.wrote(Self.piece, .direct, in: .milliseconds(20))
        let now = start + .milliseconds(400)
        #expect(policy.mode(bytes: Self.piece, backlog: 20 * Self.piece, now: now) == .direct)
    }

    @Test func `a rate of zero makes every stream fast`() {
        var policy = WritePolicy(fastRate: 0, bufferBytes: 1 << 20)
        #expect(policy.mode(bytes: 1, backlog: 1, now: start) == .direct)
    }
}
