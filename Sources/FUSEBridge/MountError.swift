package import Reactor

/// Why a mount could not be made; each description says what to do.
package enum MountError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is no /dev/fuse.
    case deviceMissing
    /// /dev/fuse may not be opened.
    case deviceNotPermitted
    /// The mountpoint does not exist.
    case mountpointMissing(String)
    /// The mountpoint is a file.
    case notDirectory(String)
    /// The mountpoint holds files, which the mount would hide.
    case notEmpty(String)
    /// A mount that answers, or that is not ours, is there already.
    case busy(String)
    /// A mount of a killed process is there and cannot be taken away.
    case staleMount(String)
    /// The mountpoint, or a directory above it, may not be entered.
    case notReadable(String)
    /// This user may not mount there.
    case notPermitted(String)
    /// The program that mounts for ordinary users is not installed.
    case fusermountMissing
    /// /etc/fuse.conf does not let ordinary users use `allow_other`.
    case allowOtherNotPermitted
    /// The mount was made but does not answer.
    case noAnswer(String)
    /// A system call failed.
    case system(SystemError)
    /// libfuse refused, with its own words.
    case refused(String)

    package var description: String {
        switch self {
        case .deviceMissing:
            "/dev/fuse is missing: load the module (modprobe fuse), or pass the device to the"
                + " container (--device /dev/fuse --cap-add SYS_ADMIN)"
        case .deviceNotPermitted:
            "/dev/fuse cannot be opened: run as root, or make the device readable and writable for"
                + " this user"
        case .mountpointMissing(let path):
            "mountpoint \(path) does not exist: make it first (mkdir -p \(path))"
        case .notDirectory(let path):
            "mountpoint \(path) is not a directory: give an empty directory"
        case .notEmpty(let path):
            "mountpoint \(path) is not empty: give an empty directory, as the mount would hide what"
                + " is in it"
        case .busy(let path):
            "something is mounted at \(path) already: unmount it first (swarmfs unmount \(path)),"
                + " or give another directory"
        case .staleMount(let path):
            "a dead mount is at \(path) and cannot be removed: unmount it as the user who mounted"
                + " it (fusermount3 -uz \(path)), or as root (umount -l \(path))"
        case .notReadable(let path):
            "mountpoint \(path) cannot be entered: give a directory that this user may read"
        case .notPermitted(let path):
            "not permitted to mount at \(path): give a directory that this user owns and may write,"
                + " or run as root"
        case .fusermountMissing:
            "fusermount3 is not installed, and only root can mount without it: install the package"
                + " fuse3"
        case .allowOtherNotPermitted:
            "--allow-other needs the line user_allow_other in /etc/fuse.conf: add it as root, or"
                + " leave the option out"
        case .noAnswer(let path):
            "the mount at \(path) does not answer: unmount it (umount -l \(path)) and try again"
        case .system(let error): "the mount failed: \(error)"
        case .refused(let text): "the mount failed: \(text)"
        }
    }
}
