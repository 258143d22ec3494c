import TorrentCore

/// Decides how the next piece is written.
///
/// A write through the page cache allocates, fills and later writes out pages: at the rate of a fast
/// download more work than hashing, and it pushes out what other programs have cached. A direct write
/// costs next to nothing but takes as long as the disk does. So a fast stream goes direct while the
/// disk keeps up with it, a queue of some moments included; where it does not, by whichever way has
/// been quicker. A slow stream is left to the page cache, where a later reader may find it.
struct WritePolicy: Sendable {
    /// Rates of streams are taken over this time.
    static let window = Interval.milliseconds(100)
    /// How much the last write counts in the speed of its way: one that had to wait for a processor is
    /// no reason to change it.
    private static let weight = 1.0 / 32
    /// The share of its time that the disk may be busy. All of it means that it holds the stream back,
    /// and what comes then is no measure of what could come.
    private static let keepingUp = 0.8

    private let fastRate: Int64
    /// Bytes queued or being written from which on it matters whether the disk keeps up.
    private let backlogLimit: Int
    private var windowEnd = Timestamp.zero
    private var windowBytes: Int64 = 0
    /// What came in the window before this one.
    private var lastWindowBytes: Int64 = 0
    /// Nanoseconds a byte. A way not tried yet counts as quick.
    private var directCost = 0.0
    private var cachedCost = 0.0

    /// Of pieces that may take `bufferBytes` of memory in all; `fastRate`, in bytes a second, makes a
    /// stream fast.
    init(fastRate: Int64, bufferBytes: Int) {
        self.fastRate = fastRate
        backlogLimit = bufferBytes / 4
    }

    /// The mode for a piece of `bytes`, while `backlog` bytes (these among them) are to be written.
    mutating func mode(bytes: Int, backlog: Int, now: Timestamp) -> WriteMode {
        let limit = fastRate / 1000 * (Self.window.nanoseconds / 1_000_000)
        if now >= windowEnd {
            lastWindowBytes = now < windowEnd + Self.window ? windowBytes : 0
            windowBytes = 0
            windowEnd = now + Self.window
        }
        windowBytes += Int64(bytes)
        guard max(lastWindowBytes, windowBytes) >= limit else { return .cached }
        guard backlog - bytes > backlogLimit, !keepsUp else { return .direct }
        return directCost <= cachedCost ? .direct : .cached
    }

    /// Whether direct writes take clearly less time than the bytes of the stream take to come.
    private var keepsUp: Bool {
        let bytes = max(lastWindowBytes, windowBytes)
        return directCost * Double(bytes) < Double(Self.window.nanoseconds) * Self.keepingUp
    }

    /// Takes note of how long a write took.
    mutating func wrote(_ bytes: Int, _ mode: WriteMode, in duration: Interval) {
        let cost = Double(duration.nanoseconds) / Double(max(1, bytes))
        switch mode {
        case .direct: Self.average(&directCost, cost)
        case .cached: Self.average(&cachedCost, cost)
        }
    }

    private static func average(_ average: inout Double, _ sample: Double) {
        average = average == 0 ? sample : average + (sample - average) * weight
    }
}
