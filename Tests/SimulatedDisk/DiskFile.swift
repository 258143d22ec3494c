import DiskRecord
import Foundation

/// A file of the folder that a power loss leaves, while it is being made.
final class DiskFile {
    /// A fault of the test's own disk.
    struct Fault: Error {
        let path: String
        let code: Int32
    }

    private let path: String
    private let descriptor: Int32

    init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Fault(path: path, code: errno) }
    }

    deinit { close(descriptor) }

    /// Writes a part of `bytes`.
    func write(_ bytes: [UInt8], _ part: Range<Int>, at offset: Int) throws {
        try check(
            bytes.withUnsafeBytes {
                pwrite(
                    descriptor, $0.baseAddress.map { $0 + part.lowerBound }, part.count,
                    off_t(offset)) == part.count
            })
    }

    /// Makes zeros of what is there of a range.
    func punch(_ range: Range<Int>) throws {
        try check(disk_punch(descriptor, Int64(range.lowerBound), Int64(range.count)) == 0)
    }

    func resize(to length: Int) throws {
        try check(ftruncate(descriptor, off_t(length)) == 0)
    }

    private func check(_ isDone: Bool) throws {
        guard isDone else { throw Fault(path: path, code: errno) }
    }
}
