import Reactor
import TorrentCore

/// One line on a terminal that shows how far something is, how fast, and how long it will still
/// take; nothing where standard error is a file or a pipe.
struct ProgressBar {
    private static let width = 24
    /// The rate is that of the last seconds: a disk or a swarm does not keep its pace.
    private static let memory = Interval.seconds(10)
    /// Rates of a shorter time jump.
    private static let leastTime = Interval.milliseconds(300)

    private let label: String
    private var display = ProgressDisplay()
    private var samples: [(time: Timestamp, done: Int64)] = []

    /// What the line begins with.
    init(_ label: String) { self.label = label }

    /// Shows `done` of `total` bytes.
    mutating func show(_ done: Int64, of total: Int64, note: String = "") {
        guard display.isLive else { return }
        let now = Timestamp.now()
        samples.append((now, done))
        while samples.count > 2, Self.memory < now - samples[1].time { samples.removeFirst() }
        var text = Self.text(label, done, of: total, rate: rate)
        if !note.isEmpty { text += "  " + note }
        display.show(text)
    }

    /// Clears the line, before anything else is written.
    mutating func end() { display.end() }

    /// The line: `label  [####----]  45.2 %  1.20 GiB/s  2m05s left`.
    static func text(_ label: String, _ done: Int64, of total: Int64, rate: Double?) -> String {
        let share = total > 0 ? min(1, max(0, Double(done) / Double(total))) : 1
        let filled = Int(share * Double(width))
        let bar =
            String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
        var text = "\(label)  [\(bar)]  \(StatusPage.percent(done, of: total))"
        guard let rate, rate >= 1 else { return text }
        text += "  \(ByteSize.describe(Int64(rate)))/s"
        let left = Double(max(0, total - done)) / rate
        if left < 100 * 86_400 {
            text += "  \(TimeSpan.describe(seconds: Int(left.rounded(.up)))) left"
        }
        return text
    }

    /// Bytes a second; nil while too little is known.
    private var rate: Double? {
        guard let first = samples.first, let last = samples.last,
            !(last.time - first.time < Self.leastTime)
        else { return nil }
        return Double(last.done - first.done) / (last.time - first.time).seconds
    }
}
