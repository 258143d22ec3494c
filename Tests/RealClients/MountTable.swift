import Foundation

/// The kernel's list of mounts. Reading it never touches a mount, which may hang.
package enum MountTable {
    /// One line of it.
    package struct Entry: Sendable {
        /// Where it is mounted.
        package let mountpoint: String
        /// `fuse.swarmfs` and the like.
        package let type: String
        /// The minor device number, which names a FUSE connection.
        package let device: Int
        /// `ro` and the like.
        package let options: Set<String>
    }

    /// All of them, in the order they were mounted.
    package static func entries() -> [Entry] {
        let text = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 6, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count,
                let minor = fields[2].split(separator: ":").last.flatMap({ Int($0) })
            else { return nil }
            return Entry(
                mountpoint: unescaped(fields[4]), type: String(fields[dash + 1]), device: minor,
                options: Set(fields[5].split(separator: ",").map(String.init)))
        }
    }

    /// The topmost mount at a path.
    package static func entry(at mountpoint: String) -> Entry? {
        entries().last { $0.mountpoint == mountpoint }
    }

    /// All mounts at and below a folder.
    package static func entries(below folder: String) -> [Entry] {
        entries().filter { $0.mountpoint == folder || $0.mountpoint.hasPrefix(folder + "/") }
    }

    /// Ends a mount by force: requests that wait in the kernel fail, then the mount is taken off.
    package static func abort(_ entry: Entry) {
        if let file = fopen("/sys/fs/fuse/connections/\(entry.device)/abort", "w") {
            fputs("1", file)
            fclose(file)
        }
        _ = try? ChildProcess.run(["umount", "-l", entry.mountpoint], seconds: 10)
    }

    /// "\040" and the like are the only escapes of this file.
    private static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.count >= 3,
                let value = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
