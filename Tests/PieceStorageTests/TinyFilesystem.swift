import CLinux
import Glibc
import Reactor

/// A file system of a few pages, which only root can mount.
final class TinyFilesystem: Sendable {
    let directory: TemporaryDirectory

    init(bytes: Int) throws {
        directory = try TemporaryDirectory()
        let result = mount("tmpfs", directory.path, "tmpfs", 0, "size=\(bytes)")
        guard result == 0 else { throw SystemError.last("mount a tmpfs") }
    }

    deinit { umount2(directory.path, Int32(MNT_DETACH)) }

    /// Whether a process like this one may mount: not in most containers.
    static let isAllowed: Bool = (try? TinyFilesystem(bytes: 1 << 16)) != nil
}
