import CLinux
import Glibc

/// Finding out who else has a file open.
enum FileLease {
    /// Whether nobody has the file open but for this one open descriptor. Programs may: what they
    /// opened in passthrough mode stays open when the process that served the mount is gone. A
    /// write lease is granted only then. False as well where the filesystem knows of no leases
    /// or the file is another user's.
    static func isExclusive(_ descriptor: Int32) -> Bool { swarmfs_is_exclusive(descriptor) == 0 }
}
