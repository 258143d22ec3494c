package import TorrentCore

/// What one reader of a `ReadingSimulation` got.
package struct FileReaderReport: Equatable, Sendable {
    /// One answered read.
    package struct Read: Equatable, Sendable {
        /// When it was made.
        package let start: Timestamp
        /// When it was answered.
        package let end: Timestamp
        /// What it asked for.
        package let bytes: Int
    }

    /// The answered reads, in the order of their answers.
    package var reads: [Read] = []
    /// Whether everything it wanted was answered.
    package var isFinished = false

    /// Seconds that the reads took.
    package var latencies: [Double] { reads.map { ($0.end - $0.start).seconds } }

    /// Seconds within which this share of the reads was answered; infinite where there are none.
    package func latency(quantile: Double) -> Double {
        let sorted = latencies.sorted()
        guard !sorted.isEmpty else { return .infinity }
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * quantile))]
    }

    /// Bytes a second answered between two points in time.
    package func rate(from start: Timestamp, to end: Timestamp) -> Double {
        let bytes = reads.reduce(0) { $1.end >= start && $1.end < end ? $0 + $1.bytes : $0 }
        return Double(bytes) / max(1e-9, (end - start).seconds)
    }
}
