import Testing
import TorrentCore

@testable import TorrentEngine

@Suite("What is received in portions")
struct ReceiveBatchingTests {
    /// Receives `bytesPerSecond` in steps of 100 us with `outstanding` bytes still to come, and gives
    /// the low-water mark after each step.
    private static func marks(
        _ batching: inout ReceiveBatching, bytesPerSecond: Int, outstanding: Int, steps: Int
    ) -> [Int] {
        (1...steps).map { step in
            let now = Timestamp.zero + Interval(nanoseconds: Int64(step) * 100_000)
            let before = batching.lowWater
            let hasChanged = batching.received(
                bytesPerSecond / 10_000, outstanding: outstanding, now: now)
            #expect(hasChanged == (batching.lowWater != before))
            return batching.lowWater
        }
    }

    @Test(arguments: [1_000_000, 40_000_000, 60_000_000])
    func `what a network sends is taken as it comes`(rate: Int) {
        var batching = ReceiveBatching()
        let marks = Self.marks(
            &batching, bytesPerSecond: rate, outstanding: 8 << 20, steps: 1_000)
        #expect(marks.allSatisfy { $0 == 1 })
    }

    @Test(arguments: [100_000_000, 400_000_000, 5_000_000_000])
    func `no portion of a fast peer takes longer than a millisecond`(rate: Int) {
        var batching = ReceiveBatching()
        let marks = Self.marks(
            &batching, bytesPerSecond: rate, outstanding: 8 << 20, steps: 1_000)
        #expect(marks.last.map { $0 >= 64 << 10 } == true)
        #expect(marks.allSatisfy { $0 == 1 || $0 * 1_000 <= rate })
        #expect(marks.allSatisfy { $0 <= 256 << 10 })
    }

    @Test func `the last blocks are not waited for together`() {
        var batching = ReceiveBatching()
        _ = Self.marks(
            &batching, bytesPerSecond: 1_000_000_000, outstanding: 8 << 20, steps: 100)
        #expect(batching.lowWater == 256 << 10)
        for blocks in (0...64).reversed() {
            let outstanding = blocks * BlockRequest.standardLength
            _ = batching.received(
                16_384, outstanding: outstanding,
                now: .zero + .milliseconds(10))
            #expect(batching.lowWater == 1 || batching.lowWater * 4 <= outstanding)
        }
        #expect(batching.lowWater == 1)
    }

    @Test func `silence ends it until the rate has been seen again`() {
        var batching = ReceiveBatching()
        let marks = Self.marks(
            &batching, bytesPerSecond: 1_000_000_000, outstanding: 8 << 20, steps: 100)
        #expect(marks.last.map { $0 > 1 } == true)
        let hasEnded = batching.fellSilent()
        #expect(hasEnded)
        #expect(batching.lowWater == 1)
        let endedAgain = batching.fellSilent()
        #expect(!endedAgain)
        let changed = batching.received(
            1, outstanding: 8 << 20, now: .zero + .milliseconds(30))
        #expect(!changed)
    }
}
