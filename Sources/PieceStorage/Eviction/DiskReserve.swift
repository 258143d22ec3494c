import CLinux
import Glibc
import TorrentCore

/// Room on the cache's disk that is the catalogue's alone. On a disk that others have filled it could
/// otherwise not be told of an eviction, which is what makes room.
///
/// Its log has blocks for as long as it grows before it is written back. For what else may grow there
/// are a few pages in a file of their own, `reserve`, given up when the catalogue fails for want of
/// room, and taken again when there is some.
struct DiskReserve: Sendable {
    /// What a batch's transaction and the log's return to the database take at most.
    static let length: Int64 = 256 << 10
    /// The log is written back when it is `Catalogue.logPages` long; a transaction may begin just then,
    /// and another while a reader keeps the log from being begun anew.
    static let logLength = Catalogue.logPages * Catalogue.pageLength * 5 / 4
    /// A disk with less room than that many times the reserve is too small for one.
    private static let share: Int64 = 16
    /// The name, in the cache directory.
    static let name = "reserve"
    private static let logName = "catalogue.sqlite-wal"

    /// The cache directory's descriptor.
    let directory: Int32

    /// Takes the room where there is enough: at the first time only of a disk that is large, and
    /// again as soon as there is room for anything else. Some system calls.
    func take(isFirst: Bool) {
        let (size, free) = disk
        if size >= Self.length * Self.share { takeLog() }
        guard allocated(Self.name) < Self.length, free >= Self.length * (isFirst ? Self.share : 1)
        else { return }
        let create = isFirst ? O_CREAT : 0
        let descriptor = openat(
            directory, Self.name, O_RDWR | create | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        if posix_fallocate(descriptor, 0, off_t(Self.length)) != 0 { ftruncate(descriptor, 0) }
        close(descriptor)
    }

    /// Gives the pages in the file back.
    func giveUp() {
        let descriptor = openat(directory, Self.name, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return }
        ftruncate(descriptor, 0)
        close(descriptor)
    }

    /// Gives them back where the disk has less than they are, so that a catalogue can be opened.
    func giveUpIfFull() { if disk.free < Self.length { giveUp() } }

    /// As much of the log's room as there is; SQLite holds no locks on this file, so that it may be
    /// opened and closed beside it.
    private func takeLog() {
        let taken = allocated(Self.logName)
        guard taken < Self.logLength else { return }
        let descriptor = openat(directory, Self.logName, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return }
        for length in [Self.logLength, Self.logLength / 2, Self.logLength / 4]
        where length > taken && swarmfs_take_room(descriptor, length) == 0 { break }
        close(descriptor)
    }

    private var disk: (size: Int64, free: Int64) {
        var disk = statvfs()
        guard fstatvfs(directory, &disk) == 0 else { return (0, 0) }
        let unit = Int64(clamping: disk.f_frsize)
        return (Int64(clamping: disk.f_blocks) &* unit, Int64(clamping: disk.f_bavail) &* unit)
    }

    private func allocated(_ name: String) -> Int64 {
        var file = stat()
        guard fstatat(directory, name, &file, AT_SYMLINK_NOFOLLOW) == 0 else { return 0 }
        return Int64(file.st_blocks) * 512
    }
}
