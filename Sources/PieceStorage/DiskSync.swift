import CLinux
import Glibc

/// How data is forced to disk; replaced in tests, which cannot crash the machine.
struct DiskSync: Sendable {
    /// `fdatasync`: an error number where it fails.
    let file: @Sendable (Int32) -> Int32?
    /// `syncfs`: an error number where it fails.
    let filesystem: @Sendable (Int32) -> Int32?

    static let system = DiskSync(
        file: { fdatasync($0) == 0 ? nil : errno },
        filesystem: { syncfs($0) == 0 ? nil : errno })
}
