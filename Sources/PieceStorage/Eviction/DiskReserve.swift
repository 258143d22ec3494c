import CLinux
import Glibc
import TorrentCore

/// A few pages kept on the cache's disk, `reserve`, for the catalogue: on a disk that others have
/// filled it could otherwise not be told of an eviction, which is what makes room.
struct DiskReserve: Sendable {
    /// What a batch's transaction and the log's return to the database take at most.
    static let length: Int64 = 256 << 10
    /// A disk with less room than that many times the reserve is too small for one.
    private static let share: Int64 = 16
    /// The name, in the cache directory.
    static let name = "reserve"

    /// The cache directory's descriptor.
    let directory: Int32

    /// Takes the room where there is enough: at the first time only of a disk that is large, and
    /// again as soon as there is room for anything else.
    func take(isFirst: Bool) {
        var disk = statvfs()
        var file = stat()
        let isTaken =
            fstatat(directory, Self.name, &file, 0) == 0 && Int64(file.st_size) >= Self.length
        guard !isTaken, fstatvfs(directory, &disk) == 0,
            Int64(clamping: disk.f_bavail) &* Int64(disk.f_frsize)
                >= Self.length * (isFirst ? Self.share : 1)
        else { return }
        let create = isFirst ? O_CREAT : 0
        let descriptor = openat(
            directory, Self.name, O_RDWR | create | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        if posix_fallocate(descriptor, 0, off_t(Self.length)) != 0 { ftruncate(descriptor, 0) }
        close(descriptor)
    }

    /// Gives the room back.
    func giveUp() {
        let descriptor = openat(directory, Self.name, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return }
        ftruncate(descriptor, 0)
        close(descriptor)
    }
}
