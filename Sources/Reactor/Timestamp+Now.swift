import Glibc
package import TorrentCore

extension Timestamp {
    /// The monotonic clock of the machine; 20 ns.
    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}
