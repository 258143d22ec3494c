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

    /// Another program takes all that is free.
    func fill() {
        let file = open("\(directory.path)/other", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        for count in [65_536, 4096] {
            let bytes = [UInt8](repeating: 1, count: count)
            while write(file, bytes, count) == count {}
        }
        close(file)
    }

    deinit { umount2(directory.path, Int32(MNT_DETACH)) }

    /// Whether a process like this one may mount: not in most containers.
    static let isAllowed: Bool = (try? TinyFilesystem(bytes: 1 << 16)) != nil
}
