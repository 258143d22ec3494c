import Reactor
import TorrentCore

/// Times measurements.
enum Stopwatch {
    /// Rounds a measurement: the median of five is not moved by one bad round.
    private static let rounds = 5
    /// Operations a round at first; grown until a round takes long enough for the clock.
    private static let firstCount = 1000
    private static let shortestRound = Interval.milliseconds(100)

    /// `name  123 ns`, or a rate.
    static func report(_ measurement: any Measurement) -> String {
        var count = firstCount
        while time(measurement, count).elapsed < shortestRound { count *= 2 }
        let costs = (0..<rounds).map { _ in
            let (operations, elapsed) = time(measurement, count)
            return Double(elapsed.nanoseconds) / Double(operations)
        }.sorted()
        let median = costs[rounds / 2]
        let name =
            measurement.name + String(repeating: " ", count: max(1, 44 - measurement.name.count))
        guard let bytes = measurement.bytesPerOperation else {
            return "\(name)\(Int(median.rounded())) ns"
        }
        let rate = Double(bytes) / median
        return "\(name)\(Double(Int(rate * 100)) / 100) GB/s"
    }

    private static func time(
        _ measurement: any Measurement, _ count: Int
    ) -> (operations: Int, elapsed: Interval) {
        let start = Timestamp.now()
        let operations = measurement.run(count)
        return (operations, .now() - start)
    }
}
