import Glibc
import Reactor

/// The `lock` file of a torrent's folder: held with `flock` by the process that uses the torrent,
/// so that it ends with the process however that ends; holds the process id for the message.
final class TorrentLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock in the folder, or says who has it.
    init(folder: Int32, torrent: String, path: String) throws(StorageError) {
        // A second round where somebody replaced the file between `openat` and `flock`.
        for _ in 0..<8 {
            let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW
            let descriptor = openat(folder, "lock", flags, 0o600)
            guard descriptor >= 0 else {
                throw .cacheUnusable(path: path, reason: .last("open \(torrent)/lock"))
            }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let failure = SystemError.last("lock \(torrent)")
                let holder = Self.holder(descriptor)
                close(descriptor)
                guard failure.code == EWOULDBLOCK else {
                    throw .cacheUnusable(path: path, reason: failure)
                }
                throw .inUse(torrent: torrent, process: holder)
            }
            if Self.isCurrent(descriptor, in: folder) {
                ftruncate(descriptor, 0)
                let text = Array("\(getpid())\n".utf8)
                _ = pwrite(descriptor, text, text.count, 0)
                self.descriptor = descriptor
                return
            }
            close(descriptor)
        }
        throw .inUse(torrent: torrent, process: nil)
    }

    /// Lets the lock go before this object does.
    func release() { flock(descriptor, LOCK_UN) }

    // The file stays: removing it would race with the next holder.
    deinit { close(descriptor) }

    private static func isCurrent(_ descriptor: Int32, in folder: Int32) -> Bool {
        var mine = stat()
        var named = stat()
        return fstat(descriptor, &mine) == 0 && fstatat(folder, "lock", &named, 0) == 0
            && mine.st_ino == named.st_ino
    }

    private static func holder(_ descriptor: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        let digits = bytes.prefix(count).prefix { $0 >= 48 && $0 <= 57 }
        return Int32(String(decoding: digits, as: UTF8.self))
    }
}
