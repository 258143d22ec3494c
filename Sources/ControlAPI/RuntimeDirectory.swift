import Glibc
import Reactor

/// The directory of control sockets and pid files: `$XDG_RUNTIME_DIR/swarmfs`, else `/run/swarmfs`
/// for root, else `/tmp/swarmfs-<uid>`. It is created with mode 0700 and must belong to the user.
package struct RuntimeDirectory: Hashable, Sendable {
    /// Its path.
    package let path: String

    /// A directory at a known place.
    package init(path: String) { self.path = path }

    /// The place for this user. `$XDG_RUNTIME_DIR` counts only where it is an absolute path of an
    /// existing directory that belongs to the user, as its specification demands; `sudo` may pass
    /// on another user's.
    package init(runtimeVariable: String?, userID: UInt32) {
        if let runtimeVariable, runtimeVariable.hasPrefix("/") {
            var status = stat()
            if stat(runtimeVariable, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
                status.st_uid == userID
            {
                path = runtimeVariable + "/swarmfs"
                return
            }
        }
        path = userID == 0 ? "/run/swarmfs" : "/tmp/swarmfs-\(userID)"
    }

    /// The place for the user of this process.
    package static var current: RuntimeDirectory {
        RuntimeDirectory(
            runtimeVariable: getenv("XDG_RUNTIME_DIR").map { String(cString: $0) },
            userID: geteuid())
    }

    /// Opens the directory, creating it where `create` says so. Nil where it does not exist.
    func open(create: Bool) throws(ControlError) -> OwnedDescriptor? {
        if create, mkdir(path, 0o700) != 0, errno != EEXIST {
            throw .system(.last("create the directory \(path)"))
        }
        let number = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard number >= 0 else {
            switch errno {
            case ENOENT where !create: return nil
            case ENOTDIR, ELOOP: throw .untrustedDirectory(path)
            default: throw .system(.last("open the directory \(path)"))
            }
        }
        let descriptor = OwnedDescriptor(number)
        var status = stat()
        guard fstat(number, &status) == 0 else { throw .system(.last("stat \(path)")) }
        // In /tmp anyone can make the directory first: then it is not ours, and not used.
        guard status.st_uid == geteuid() else { throw .untrustedDirectory(path) }
        if status.st_mode & 0o077 != 0, fchmod(number, 0o700) != 0 {
            throw .system(.last("restrict \(path)"))
        }
        return descriptor
    }
}
