import Glibc
import Reactor

/// The system calls around Unix sockets that the server and the client share.
enum UnixSocket {
    /// A stream socket, closed on exec.
    static func make() throws(ControlError) -> OwnedDescriptor {
        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw .system(.last("create a Unix socket")) }
        return OwnedDescriptor(number)
    }

    /// Calls `body` with the address of `name` in an open directory. The path goes through
    /// `/proc/self/fd`, so that it fits `sun_path` (108 bytes) whatever the directory is called,
    /// and stays in the directory that was checked.
    static func withAddress(
        _ name: String, in directory: Int32,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array("/proc/self/fd/\(directory)/\(name)".utf8)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        precondition(path.count < capacity, "socket names have a fixed length")
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// The effective user at the other end (`SO_PEERCRED`); nil where it is unknown.
    static func peerUser(of descriptor: Int32) -> UInt32? {
        // struct ucred: pid, uid, gid, 32 bits each; Glibc's module hides it.
        var credentials: [UInt32] = [0, 0, 0]
        var length = socklen_t(12)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0,
            length == 12
        else { return nil }
        return credentials[1]
    }

    /// Whether a user may command this process, or be believed by it: ourselves, or root.
    static func isTrusted(_ user: UInt32?) -> Bool { user == geteuid() || user == 0 }

    /// Makes reads and writes return instead of waiting.
    static func setNonBlocking(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }
}
