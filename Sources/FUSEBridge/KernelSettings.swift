import Glibc
import Reactor
import TorrentCore

/// Settings of the kernel that a mount reads or adjusts, where it may.
enum KernelSettings {
    /// What the kernel should read ahead by itself. One request reaches 1 MiB, and a fault in a
    /// mapping reads the whole window: more would make random faults dear.
    private static let readaheadKiB = 1024
    /// A read must fail some time before the kernel's own limit, which would end the whole mount.
    private static let timeoutMargin = Interval.seconds(5)

    /// Raises the readahead of the file system `device` (`major:minor`); only root may.
    static func raiseReadahead(device: String) {
        let path = "/sys/class/bdi/\(device)/read_ahead_kb"
        guard let descriptor = try? OwnedDescriptor(open(path, O_WRONLY | O_CLOEXEC), path) else {
            Log.debug("read_ahead_kb stays as it is")
            return
        }
        let text = Array("\(readaheadKiB)".utf8)
        if write(descriptor.rawValue, text, text.count) < 0 {
            Log.debug("\(SystemError.last("write \(path)"))")
        }
    }

    /// The read time-out to use, which is shorter where the kernel limits requests.
    static func readTimeout(wanted: Interval) -> Interval {
        ["default_request_timeout", "max_request_timeout"].reduce(wanted) { timeout, name in
            guard let limit = number("/proc/sys/fs/fuse/\(name)"), limit > 0 else {
                return timeout
            }
            let kernel = Interval.seconds(Double(limit))
            return min(
                timeout, max(kernel - timeoutMargin, Interval(nanoseconds: kernel.nanoseconds / 2)))
        }
    }

    private static func number(_ path: String) -> Int? {
        guard let descriptor = try? OwnedDescriptor(open(path, O_RDONLY | O_CLOEXEC), path) else {
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = read(descriptor.rawValue, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        return text.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
    }
}
