import Testing
import TorrentCore
import TorrentTree

@Suite("Readahead")
struct ReadaheadStreamsTests {
    private static let pieceLength = 4 << 20
    private static let fileLength: Int64 = 1 << 30

    /// Streams with a clock and numbers.
    private struct Harness {
        var streams: ReadaheadStreams
        var now = Timestamp.zero
        var windows: [UInt64: Range<Int64>] = [:]
        private var lastNumber: UInt64 = 0

        init(phase: Int64 = 0, fileLength: Int64 = ReadaheadStreamsTests.fileLength) {
            streams = ReadaheadStreams(
                fileLength: fileLength, pieceLength: ReadaheadStreamsTests.pieceLength,
                phase: phase)
        }

        @discardableResult
        mutating func read(_ offset: Int64, _ length: Int64 = 128 << 10, handle: UInt64 = 1)
            -> [ReadaheadWindow]
        {
            let changes = streams.observe(offset..<offset + length, handle: handle, now: now) {
                lastNumber += 1
                return lastNumber
            }
            for change in changes {
                windows[change.stream] = change.bytes.isEmpty ? nil : change.bytes
            }
            return changes
        }

        mutating func readOn(from start: Int64, to end: Int64, handle: UInt64 = 1) {
            for offset in stride(from: start, to: end, by: 128 << 10) {
                read(offset, handle: handle)
            }
        }
    }

    @Test func `random reads want nothing beyond what they read`() {
        var random = SeededRandom(seed: 1)
        var harness = Harness()
        for _ in 0..<5000 {
            let length = Int64.random(in: 1...1 << 20, using: &random)
            harness.read(
                Int64.random(in: 0..<Self.fileLength - length, using: &random), length)
        }
        #expect(harness.windows.isEmpty)
    }

    @Test func `skipping about near one place is not sequential`() {
        var harness = Harness()
        for index in 0..<2000 as Range<Int64> { harness.read(index * 300_000, 4096) }
        #expect(harness.windows.isEmpty)
    }

    @Test func `a sequential reader gets two pieces, then a window that doubles up to the cap`() {
        var harness = Harness()
        harness.readOn(from: 0, to: 1 << 20)
        #expect(harness.windows.isEmpty)
        harness.read(1 << 20)
        let piece = Int64(Self.pieceLength)
        #expect(harness.windows == [1: 0..<3 * piece])
        harness.readOn(from: (1 << 20) + (128 << 10), to: 12 << 20)
        let window = harness.windows[1] ?? 0..<0
        #expect(window.lowerBound == 12 << 20)
        #expect(window.count == 16 << 20)
        harness.readOn(from: 12 << 20, to: 400 << 20)
        let largest = harness.windows[1] ?? 0..<0
        #expect(largest.count == Int(ReadaheadPolicy.standard.largestWindow))
    }

    @Test func `windows are said in whole pieces and only when they change`() {
        var harness = Harness(phase: 1000)
        var announcements = 0
        for offset in stride(from: Int64(0), to: 64 << 20, by: 128 << 10) {
            for window in harness.read(offset) {
                announcements += 1
                let piece = Int64(Self.pieceLength)
                #expect(
                    window.bytes.lowerBound == 0 || (window.bytes.lowerBound + 1000) % piece == 0)
                #expect((window.bytes.upperBound + 1000) % piece == 0)
            }
        }
        #expect(announcements < 30)
    }

    @Test func `requests out of order by what the kernel reads ahead stay one reader`() {
        var harness = Harness()
        for base in stride(from: Int64(0), to: 32 << 20, by: 512 << 10) {
            for step in [2, 0, 3, 1] as [Int64] { harness.read(base + step * (128 << 10)) }
        }
        #expect(harness.streams.count == 1)
        #expect(harness.windows.count == 1)
    }

    @Test func `a seek collapses the window at once`() {
        var harness = Harness()
        harness.readOn(from: 0, to: 32 << 20)
        #expect(harness.windows.count == 1)
        harness.read(700 << 20)
        #expect(harness.windows.isEmpty)
    }

    @Test func `several readers of one open file keep their windows`() {
        var harness = Harness()
        let starts = (0..<8).map { Int64($0) * (100 << 20) }
        for step in stride(from: Int64(0), to: 16 << 20, by: 128 << 10) {
            for start in starts { harness.read(start + step) }
        }
        #expect(harness.windows.count == 8)
        // A read elsewhere costs the one that read last its window, until it goes on.
        harness.read(999 << 20, 4096)
        #expect(harness.windows.count == 7)
        for start in starts { harness.read(start + (16 << 20)) }
        #expect(harness.windows.count == 8)
        for start in starts.reversed() { harness.read(start + (16 << 20) + (128 << 10)) }
        #expect(harness.windows.count == 8)
    }

    @Test func `a seek of one open file leaves the readers of others alone`() {
        var harness = Harness()
        harness.readOn(from: 0, to: 16 << 20, handle: 1)
        harness.readOn(from: 200 << 20, to: 216 << 20, handle: 2)
        #expect(harness.windows.count == 2)
        harness.read(900 << 20, handle: 2)
        #expect(harness.windows.keys.sorted() == [1])
    }

    @Test func `readers are bounded, the longest unused one gives way`() {
        var harness = Harness()
        for handle in 0..<20 as Range<UInt64> {
            let start = Int64(handle) * (40 << 20)
            harness.now = harness.now + .milliseconds(10)
            harness.readOn(from: start, to: start + (2 << 20), handle: handle)
        }
        #expect(harness.streams.count == ReadaheadPolicy.standard.streamLimit)
        #expect(harness.windows.count == ReadaheadPolicy.standard.streamLimit)
        #expect(harness.windows[1] == nil)
    }

    @Test func `a reader that has gone elsewhere is forgotten`() {
        var harness = Harness()
        harness.readOn(from: 0, to: 16 << 20, handle: 1)
        harness.now = harness.now + .seconds(31)
        harness.read(500 << 20, handle: 2)
        #expect(harness.windows.isEmpty)
        #expect(harness.streams.count == 1)
    }

    @Test func `the window ends with the file, and the reader with its last handle`() {
        var harness = Harness(fileLength: 10 << 20)
        harness.readOn(from: 0, to: 4 << 20)
        #expect(harness.windows[1]?.upperBound == 10 << 20)
        harness.readOn(from: 4 << 20, to: 10 << 20)
        #expect(harness.windows.isEmpty)
        var other = Harness()
        other.readOn(from: 0, to: 4 << 20)
        #expect(other.streams.end().map(\.bytes) == [0..<0])
        #expect(other.streams.count == 0)
    }
}
