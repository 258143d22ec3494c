import Glibc
package import Reactor

/// Names the time from one start of the machine to the next.
package struct BootID: Equatable, Sendable {
    /// A text that no other start has.
    package let text: String

    /// A known name.
    package init(_ text: String) { self.text = text }

    /// The running kernel's (random(4)): a new random one each time it starts.
    package static func current() throws(SystemError) -> BootID {
        let path = "/proc/sys/kernel/random/boot_id"
        let file = try OwnedDescriptor(open(path, O_RDONLY | O_CLOEXEC), "open \(path)")
        var bytes = [UInt8](repeating: 0, count: 64)
        // A UUID and a newline, in one piece; `stat` calls the file empty.
        let count = read(file.rawValue, &bytes, bytes.count)
        guard count > 0 else { throw .last("read \(path)") }
        return BootID(String(decoding: bytes[..<count].filter { $0 > 32 }, as: UTF8.self))
    }
}
