import CFUSE
import CLinux
import Glibc
import Reactor
package import TorrentCore

/// Tells mounts that answer from those whose process is gone, and takes the latter away.
package enum StaleMount {
    /// What asking a mount came to.
    package enum Health: Equatable, Sendable {
        /// It answers.
        case alive
        /// Its process is gone: ENOTCONN.
        case dead
        /// It did not answer within `patience`: stopped, or stuck.
        case silent
    }

    /// How long a mount gets to answer a `statfs`, which any living one does within milliseconds.
    package static let patience = Interval.seconds(3)
    /// How long `fusermount3` gets.
    private static let helperPatience = Interval.seconds(2)
    /// Dead mounts stacked at one path that are taken away before giving up.
    private static let stackLimit = 16

    /// Asks the file system at `path`. `statfs`, as attributes of a dead mount are still cached.
    package static func health(of path: String) -> Health {
        let answer = Condition<Int32?>(nil)
        // On its own thread, as the call blocks for as long as a stuck mount likes.
        let thread = try? Thread(name: "mount-probe") {
            var information = statvfs()
            let result = statvfs(path, &information) == 0 ? 0 : errno
            answer.update { $0 = result }
        }
        guard thread != nil else { return .silent }
        switch answer.wait(until: .now() + patience, { $0 }) {
        case .none: return .silent
        case .some(ENOTCONN), .some(ECONNABORTED): return .dead
        case .some: return .alive
        }
    }

    /// Whether a mount of swarmfs is at `path` whose process is gone.
    package static func isPresent(at path: String) -> Bool {
        isOwn(at: path) && health(of: path) == .dead
    }

    /// Whether a mount of swarmfs, dead or alive, is on top at a canonical path.
    package static func isOwn(at path: String) -> Bool {
        MountTable.current().top(at: path)?.type == MountTable.ownType
    }

    /// Takes away the dead mounts of swarmfs at `path`; false where one stays.
    static func remove(at path: String) -> Bool {
        for _ in 0..<stackLimit {
            guard isPresent(at: path) else { return true }
            guard unmountLazily(path) else { return false }
        }
        return !isPresent(at: path)
    }

    /// Unmounts what is on top at `path` though files of it may be open; false where that failed.
    package static func unmountLazily(_ path: String) -> Bool {
        if umount2(path, Int32(MNT_DETACH | UMOUNT_NOFOLLOW)) == 0 {
            return true
        }
        guard errno == EPERM, let helper = Fusermount.path else { return false }
        var process = pid_t()
        let arguments: [UnsafeMutablePointer<CChar>?] =
            ([helper, "-u", "-z", "-q", "--", path] as [String]).map { strdup($0) }
        defer { arguments.forEach { free($0) } }
        guard posix_spawn(&process, helper, nil, nil, arguments + [nil], environ) == 0 else {
            return false
        }
        let deadline = Timestamp.now() + helperPatience
        var status: Int32 = 0
        while waitpid(process, &status, WNOHANG) == 0 {
            if deadline < .now() { return false }
            usleep(5_000)
        }
        return status == 0
    }
}
