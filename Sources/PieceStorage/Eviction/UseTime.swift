import CLinux
import Glibc

/// When a piece was last used: quarters of a second since 2025, for ordering only. 32 bits last
/// until 2059; later times count as that.
struct UseTime: Comparable, Hashable, Sendable {
    static let unitsPerSecond: Int64 = 4
    /// 1 January 2025 UTC, before there was any cache.
    private static let epoch: Int64 = 1_735_689_600

    let rawValue: UInt32

    init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Of a UNIX time in seconds.
    init(seconds: Int64) {
        let (units, overflow) = max(0, seconds - Self.epoch).multipliedReportingOverflow(
            by: Self.unitsPerSecond)
        self.init(rawValue: overflow ? .max : UInt32(clamping: units))
    }

    /// Before every use.
    static let never = UseTime(rawValue: 0)

    /// The kernel's clock tick, read without a system call in a few nanoseconds.
    static func now() -> UseTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        let quarter = Int64(time.tv_nsec) * unitsPerSecond / 1_000_000_000
        let units = (Int64(time.tv_sec) &- epoch) &* unitsPerSecond &+ quarter
        return UseTime(rawValue: UInt32(clamping: units))
    }

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
