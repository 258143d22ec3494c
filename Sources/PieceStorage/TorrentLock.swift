import CLinux
import Glibc
import Reactor
import TorrentCore

/// The `lock` file of a torrent's folder: held with `flock` by the process that uses the torrent,
/// so that it ends with the process however that ends. Holds two lines for messages: the process id
/// and the mountpoint, empty where there is none.
final class TorrentLock: Sendable {
    /// What the torrent is locked for.
    enum Purpose: Sendable {
        /// A mount reads it.
        case reading
        /// Somebody else's mount needs the room; soon over.
        case eviction
    }

    /// The file's name in the torrent's folder.
    static let name = "lock"
    /// What an evictor's lock file begins with.
    private static let evictionMark = "eviction "
    /// How long a reader waits for an evictor to let go, which holds the lock for a few
    /// transactions; the shorter patience is for one that has not yet said that it is one, and for
    /// whoever only looks whether the lock is free.
    private static let evictionPatience = Interval.seconds(10)
    private static let patience = Interval.milliseconds(500)
    private static let retryDelay: UInt32 = 5_000
    /// A mark, a number and a path: 4 KiB (PATH_MAX) and some.
    private static let maximumLength = 8 << 10

    private let descriptor: Int32

    /// Takes the lock in the folder, or says who has it. A reader waits for an evictor.
    init(
        folder: Int32, torrent: String, path: String, mountpoint: String?,
        purpose: Purpose = .reading
    ) throws(StorageError) {
        let start = Timestamp.now()
        // Another round where somebody replaced the file between `openat` and `flock`, and while
        // waiting.
        while Timestamp.now() < start + Self.evictionPatience + Self.evictionPatience {
            let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW
            let descriptor = openat(folder, Self.name, flags, 0o600)
            guard descriptor >= 0 else {
                throw .cacheUnusable(path: path, reason: .last("open \(torrent)/lock"))
            }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let failure = SystemError.last("lock \(torrent)")
                let (holder, isEvictor) = Self.content(of: descriptor)
                close(descriptor)
                guard failure.code == EWOULDBLOCK else {
                    throw .cacheUnusable(path: path, reason: failure)
                }
                let patience = isEvictor ? Self.evictionPatience : Self.patience
                if purpose == .reading, Timestamp.now() < start + patience {
                    usleep(Self.retryDelay)
                    continue
                }
                throw .inUse(torrent: torrent, holder: holder)
            }
            if Self.isCurrent(descriptor, in: folder) {
                ftruncate(descriptor, 0)
                let mark = purpose == .eviction ? Self.evictionMark : ""
                let text = Array("\(mark)\(getpid())\n\(mountpoint ?? "")\n".utf8)
                _ = pwrite(descriptor, text, text.count, 0)
                self.descriptor = descriptor
                return
            }
            close(descriptor)
        }
        throw .inUse(torrent: torrent, holder: TorrentHolder(process: nil, mountpoint: nil))
    }

    /// Lets the lock go before this object does.
    func release() { flock(descriptor, LOCK_UN) }

    // The file stays: removing it would race with the next holder.
    deinit { close(descriptor) }

    /// Who holds the lock of a folder; nil where nobody does. Takes the lock shared for a moment,
    /// which a claim waits for.
    static func holder(in folder: Int32) -> TorrentHolder? {
        let descriptor = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK else { return nil }
        return content(of: descriptor).holder
    }

    /// Whether somebody holds the lock of a folder of the cache directory; likewise.
    static func isHeld(_ folder: String, in directory: Int32) -> Bool {
        let number = openat(directory, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard number >= 0 else { return false }
        defer { close(number) }
        return holder(in: number) != nil
    }

    private static func isCurrent(_ descriptor: Int32, in folder: Int32) -> Bool {
        var mine = stat()
        var named = stat()
        return fstat(descriptor, &mine) == 0 && fstatat(folder, name, &named, 0) == 0
            && mine.st_ino == named.st_ino
    }

    private static func content(
        of descriptor: Int32
    ) -> (holder: TorrentHolder, isEvictor: Bool) {
        var bytes = [UInt8](repeating: 0, count: maximumLength)
        let count = max(0, pread(descriptor, &bytes, bytes.count, 0))
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        let isEvictor = text.hasPrefix(evictionMark)
        // A mountpoint may hold a newline itself: only the first and the last one are ours.
        guard let end = text.firstIndex(of: "\n"), text.hasSuffix("\n") else {
            return (TorrentHolder(process: nil, mountpoint: nil), isEvictor)
        }
        let number = text[..<end].dropFirst(isEvictor ? evictionMark.count : 0)
        let mountpoint = String(text[text.index(after: end)...].dropLast())
        let holder = TorrentHolder(
            process: Int32(number), mountpoint: mountpoint.isEmpty ? nil : mountpoint)
        return (holder, isEvictor)
    }
}
