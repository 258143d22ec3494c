import Foundation
import Glibc

/// Watches, on a thread of its own, how much disk the files of a folder take.
final class DiskUse: @unchecked Sendable {
    // Safe: all is read and changed with the lock held, but for `path`, which is constant.
    private let lock = NSLock()
    private var most = 0
    private var isEnding = false
    private let path: String

    init(of path: String) {
        self.path = path
        Thread.detachNewThread { [self] in
            while !lock.withLock({ isEnding }) {
                let use = Self.bytes(path)
                lock.withLock { most = max(most, use) }
                usleep(20_000)
            }
        }
    }

    /// The most seen; the watch ends.
    func end() -> Int {
        lock.withLock {
            isEnding = true
            return max(most, Self.bytes(path))
        }
    }

    /// Bytes in whole blocks.
    static func bytes(_ path: String) -> Int {
        let names = FileManager.default.enumerator(atPath: path)?.allObjects ?? []
        return names.reduce(0) { sum, name in
            var status = stat()
            guard let name = name as? String, lstat("\(path)/\(name)", &status) == 0 else {
                return sum
            }
            return sum + Int(status.st_blocks) * 512
        }
    }
}
