import Glibc
import Reactor

/// What the kernel says is mounted where: `/proc/self/mountinfo`.
struct MountTable {
    /// One line of the table.
    struct Entry: Equatable {
        /// Unique while the mount exists.
        let id: Int
        /// `major:minor` of the file system.
        let device: String
        let path: String
        let type: String
    }

    /// The file itself; `poll` reports its changes as urgent data.
    static let path = "/proc/self/mountinfo"
    /// What `subtype=swarmfs` makes of the type.
    static let ownType = "fuse.swarmfs"
    /// More than any table: a million mounts.
    private static let byteLimit = 256 << 20

    /// In the order of mounting, as far as the kernel keeps it: a later entry with the same path
    /// covers an earlier one.
    let entries: [Entry]

    /// The table as it is now; empty where it cannot be read.
    static func current() -> MountTable {
        guard let descriptor = try? OwnedDescriptor(open(path, O_RDONLY | O_CLOEXEC), path) else {
            return MountTable(parsing: [])
        }
        return MountTable(reading: descriptor.rawValue)
    }

    /// Reads an open table from its start.
    init(reading descriptor: Int32) {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        lseek(descriptor, 0, SEEK_SET)
        while bytes.count < Self.byteLimit {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        self.init(parsing: bytes)
    }

    /// Parses the text; lines that are not understood are left out.
    init(parsing bytes: [UInt8]) {
        entries = bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
            // 36 35 98:0 /root /path options [optional fields] - type source options
            let fields = line.split(separator: UInt8(ascii: " "))
            guard let dash = fields.firstIndex(of: [UInt8(ascii: "-")]), dash >= 6,
                fields.count > dash + 1, let id = Int(Self.text(fields[0]))
            else { return nil }
            return Entry(
                id: id, device: Self.text(fields[2]), path: Self.text(fields[4]),
                type: Self.text(fields[dash + 1]))
        }
    }

    /// The mount on top at a path.
    func top(at path: String) -> Entry? { entries.last { $0.path == path } }

    /// Whether the file system of a device is mounted anywhere.
    func contains(device: String) -> Bool { entries.contains { $0.device == device } }

    /// Undoes the octal escapes of blanks and backslashes.
    private static func text(_ field: ArraySlice<UInt8>) -> String {
        var bytes: [UInt8] = []
        var rest = field
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) })
            {
                bytes.append(digits.reduce(0) { $0 &* 8 &+ ($1 - UInt8(ascii: "0")) })
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
