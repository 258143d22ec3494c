import TorrentCore

/// Lengths of time, as people write and read them.
enum TimeSpan {
    /// Ten years: longer ones are mistakes, and sums with the clock stay far from overflow.
    private static let limit = Interval.seconds(10 * 365 * 86_400)

    /// From `30s`, `5m`, `1h`, `2d`, `500ms`, or a bare number of seconds.
    static func parse(_ option: String, _ text: String) throws(Failure) -> Interval {
        let lower = text.lowercased()
        let digits = lower.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let factor: Double? =
            switch lower.dropFirst(digits.count) {
            case "ms": 0.001
            case "s", "": 1
            case "m", "min": 60
            case "h": 3600
            case "d": 86_400
            default: nil
            }
        guard let factor, let number = Double(digits), number * factor <= limit.seconds else {
            throw Failure(
                .usage, "\(option) \(text) is no duration", "write 30s, 5m, 1h, or 0 for no limit")
        }
        return .seconds(number * factor)
    }

    /// `42s`, `5m`, `2h05m`, `3d04h`.
    static func describe(seconds: Int) -> String {
        switch seconds {
        case ..<60: "\(max(0, seconds))s"
        case ..<3600:
            seconds % 60 == 0 ? "\(seconds / 60)m" : "\(seconds / 60)m\(pair(seconds % 60))s"
        case ..<86_400: "\(seconds / 3600)h\(pair(seconds / 60 % 60))m"
        default: "\(seconds / 86_400)d\(pair(seconds / 3600 % 24))h"
        }
    }

    private static func pair(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
