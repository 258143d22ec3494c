import CFUSE
import Glibc
import Reactor

/// Checks a mountpoint before libfuse sees it, so that each failure has a clear message, and takes
/// a dead mount away.
package enum MountPreparation {
    /// The mountpoint's absolute path, without links, once nothing speaks against mounting there.
    /// Takes a dead mount of swarmfs away.
    package static func prepare(_ path: String, _ options: MountOptions) throws(MountError)
        -> String
    {
        try checkDevice()
        if geteuid() != 0 {
            guard Fusermount.path != nil else { throw .fusermountMissing }
            guard !options.allowsOtherUsers || Fusermount.permitsAllowOther else {
                throw .allowOtherNotPermitted
            }
        }
        let mountpoint = try resolve(path)
        if let entry = MountTable.current().top(at: mountpoint) {
            // An empty file system of another kind is as good a mountpoint as an empty directory.
            let health = StaleMount.health(of: mountpoint)
            if entry.type == MountTable.ownType {
                guard health == .dead else { throw .busy(mountpoint) }
                guard StaleMount.remove(at: mountpoint) else { throw .staleMount(mountpoint) }
                Log.info("removed the dead mount at \(mountpoint)")
                guard MountTable.current().top(at: mountpoint)?.type != MountTable.ownType else {
                    throw .busy(mountpoint)
                }
            } else if health != .alive {
                throw .busy(mountpoint)
            }
        }
        try checkEmptyDirectory(mountpoint)
        return mountpoint
    }

    private static func checkDevice() throws(MountError) {
        let descriptor = open("/dev/fuse", O_RDWR | O_CLOEXEC)
        guard descriptor < 0 else {
            defer { close(descriptor) }
            var status = stat()
            // A container may have put a plain file there.
            guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFCHR else {
                throw .deviceMissing
            }
            return
        }
        switch errno {
        case ENOENT, ENODEV, ENXIO: throw .deviceMissing
        case EACCES, EPERM: throw .deviceNotPermitted
        default: throw .system(.last("open /dev/fuse"))
        }
    }

    /// A mountpoint's absolute path without links; also where a dead mount is there, which cannot
    /// be looked at.
    package static func resolve(_ path: String) throws(MountError) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        if let resolved = realPath(path) { return resolved }
        switch errno {
        case ENOTCONN, ECONNABORTED:
            // A dead mount is in the way: most likely at the mountpoint itself.
            let slash = path.lastIndex(of: "/")
            let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
            let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
            guard let resolved = realPath(folder) else { throw .staleMount(path) }
            return resolved == "/" ? "/\(name)" : "\(resolved)/\(name)"
        case ENOENT: throw .mountpointMissing(path)
        case ENOTDIR: throw .notDirectory(path)
        case EACCES: throw .notReadable(path)
        default: throw .system(.last("resolve \(path)"))
        }
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func checkEmptyDirectory(_ path: String) throws(MountError) {
        guard let directory = opendir(path) else {
            switch errno {
            case ENOENT: throw .mountpointMissing(path)
            case ENOTDIR: throw .notDirectory(path)
            case EACCES: throw .notReadable(path)
            case ENOTCONN, ECONNABORTED: throw .busy(path)
            default: throw .system(.last("open \(path)"))
            }
        }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let isDots = withUnsafeBytes(of: &entry.pointee.d_name) { name in
                name[0] == UInt8(ascii: ".")
                    && (name[1] == 0 || (name[1] == UInt8(ascii: ".") && name[2] == 0))
            }
            guard isDots else { throw .notEmpty(path) }
        }
    }
}
