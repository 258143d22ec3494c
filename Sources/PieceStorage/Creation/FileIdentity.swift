package import Glibc

/// Tells a file from all others of the machine, whatever it is called.
package struct FileIdentity: Hashable, Sendable {
    private let device: dev_t
    private let inode: ino_t

    /// The file that `stat` has looked at.
    package init(_ status: stat) {
        device = status.st_dev
        inode = status.st_ino
    }
}
