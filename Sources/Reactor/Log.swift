import Glibc
import Synchronization
import TorrentCore

/// The process's log: one line a message, to a descriptor that the command chooses.
package enum Log {
    /// How much is written; each level includes the ones above it.
    package enum Level: Int, Comparable, CaseIterable, Sendable {
        case error, warning, info, debug

        package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

        /// From the name given to `--log-level`.
        package init?(name: String) {
            guard let level = Self.allCases.first(where: { "\($0)" == name }) else { return nil }
            self = level
        }
    }

    private static let level = Atomic(Level.info.rawValue)
    private static let descriptor = Atomic<Int32>(STDERR_FILENO)

    /// Sets the level, and where the lines go. The descriptor must stay open.
    package static func configure(level: Level, descriptor: Int32 = STDERR_FILENO) {
        self.level.store(level.rawValue, ordering: .relaxed)
        self.descriptor.store(descriptor, ordering: .relaxed)
    }

    /// Something failed that the user must know of.
    package static func error(_ message: @autoclosure () -> String) { write(.error, message) }
    /// Something is wrong, and the program goes on.
    package static func warning(_ message: @autoclosure () -> String) { write(.warning, message) }
    /// A step that an operator wants to see.
    package static func info(_ message: @autoclosure () -> String) { write(.info, message) }
    /// Detail for finding faults; never evaluated unless asked for.
    package static func debug(_ message: @autoclosure () -> String) { write(.debug, message) }

    private static func write(_ level: Level, _ message: () -> String) {
        guard level.rawValue <= Self.level.load(ordering: .relaxed) else { return }
        var seconds = time(nil)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var stamp = [CChar](repeating: 0, count: 32)
        let length = strftime(&stamp, stamp.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        let head = String(decoding: stamp[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
        // Control characters from peers or torrents must not reach a terminal.
        let text = message().unicodeScalars.map { $0.isControl ? "?" : $0 }
        var line = "\(head) \(level) "
        line.unicodeScalars.append(contentsOf: text)
        line += "\n"
        var bytes = Array(line.utf8)
        _ = Glibc.write(descriptor.load(ordering: .relaxed), &bytes, bytes.count)
    }
}
