import Glibc
package import Reactor

/// Why a cache directory, a torrent in it, or a seeder's data cannot be used. The description is
/// one line that says what happened and what to do.
package enum StorageError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The cache path names something that is no directory.
    case notADirectory(path: String)
    /// The cache directory or something in it cannot be made, read or written.
    case cacheUnusable(path: String, reason: SystemError)
    /// `catalogue.sqlite` was made by another program, or is no database.
    case foreignCatalogue(path: String)
    /// `catalogue.sqlite` has a newer layout than this program knows.
    case newerCatalogue(path: String, version: Int)
    /// SQLite cannot use the catalogue; `reason` is its message.
    case catalogueFailed(path: String, reason: String)
    /// Another process has this torrent open in this cache.
    case inUse(torrent: String, holder: TorrentHolder)
    /// The data to seed cannot be opened.
    case dataUnusable(path: String, reason: SystemError)
    /// A file of the data to seed has another size than the torrent says.
    case dataDiffers(path: String, expected: Int64, found: Int64)
    /// A file name in the torrent cannot name a file of the data to seed, such as `..`.
    case unsafeName(path: String)
    /// The operating system refused a thread.
    case system(SystemError)

    /// The system's reason alone where there is one: for the log, where no advice is wanted.
    var cause: String {
        switch self {
        case .cacheUnusable(_, let reason), .dataUnusable(_, let reason): reason.description
        case .catalogueFailed(_, let reason): reason
        default: description
        }
    }

    /// The system's reason; of others, EIO with what happened.
    var systemError: SystemError {
        switch self {
        case .cacheUnusable(_, let reason), .dataUnusable(_, let reason): reason
        default: SystemError(EIO, cause)
        }
    }

    /// Whether the cache's disk has no room.
    var isDiskFull: Bool {
        guard case .cacheUnusable(_, let reason) = self else { return false }
        return reason.code == ENOSPC || reason.code == EDQUOT
    }

    package var description: String {
        switch self {
        case .notADirectory(let path):
            "cache \(path) is not a directory; choose another with --cache"
        case .cacheUnusable(let path, let reason):
            "cache \(path) cannot be used: \(reason); choose another with --cache"
        case .foreignCatalogue(let path):
            "\(path) is not a swarmfs catalogue; choose another directory with --cache"
        case .newerCatalogue(let path, let version):
            "\(path) was made by a newer swarmfs (layout \(version)); use that one, or another "
                + "directory with --cache"
        case .catalogueFailed(let path, let reason):
            "cache catalogue \(path) cannot be used: \(reason)"
        case .inUse(let torrent, let holder):
            "torrent \(torrent) is in use by "
                + (holder.process.map { "process \($0)" } ?? "another process")
                + (holder.mountpoint.map {
                    ", mounted at \($0); unmount it there, or choose another directory with --cache"
                } ?? "; wait for its end, or choose another directory with --cache")
        case .dataUnusable(let path, let reason):
            "data \(path) cannot be used: \(reason)"
        case .dataDiffers(let path, let expected, let found):
            "\(path) has \(found) bytes, the torrent says \(expected); give the data it was made of"
        case .unsafeName(let path):
            "the torrent holds a file name that data on disk cannot have: \(path)"
        case .system(let error):
            error.description
        }
    }
}
