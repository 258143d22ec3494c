/// The names in the runtime directory that belong to one mountpoint.
package struct ControlAddress: Hashable, Sendable {
    /// FNV-1a of the canonical mountpoint, 64 bits as 16 hexadecimal digits: a name of fixed
    /// length, whatever the path holds.
    package let name: String

    /// The address of a canonical mountpoint.
    package init(mountpoint: String) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in mountpoint.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        name = String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The address that a pid file's name belongs to; nil where it is another file.
    init?(pidFileName: String) {
        guard pidFileName.hasSuffix(".pid"), pidFileName.utf8.count == 20 else { return nil }
        let name = pidFileName.dropLast(4)
        guard name.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { return nil }
        self.name = String(name)
    }

    /// The Unix socket's file name.
    package var socketName: String { name + ".sock" }
    /// The pid file's name.
    package var pidFileName: String { name + ".pid" }
}
