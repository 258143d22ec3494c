import CLinux
import Glibc
package import Metainfo
import Reactor
package import TorrentCore

/// A directory of verified data that outlives processes and is shared by them:
///
///     catalogue.sqlite      what is here, see `Catalogue`
///     <infohash>/lock       one process at a time uses a torrent
///     <infohash>/metainfo   what the torrent is, see `CacheFolder+Metainfo`
///     <infohash>/files/     sparse files, or chunks/, see `CacheFolder`
///
/// Order on disk: data, its sync, then the catalogue. Only what the catalogue says is trusted
/// when a torrent is opened, so neither a killed process nor a crashed machine leads to a wrong
/// byte.
package final class CacheDirectory: Sendable {
    /// As given.
    package let path: String
    /// How this process uses it.
    package let policy: CachePolicy

    let catalogue: Catalogue
    let descriptor: Int32
    let commits: CommitQueue
    let limiter: CacheLimiter
    /// What is given back to the disk is in units of this: the filesystem's block, or the memory
    /// page, which caches it, where that is larger.
    let blockLength: Int

    /// Opens the directory, or makes it and its parents with mode 0700.
    package convenience init(
        path: String, policy: CachePolicy = CachePolicy(), limits: CacheLimits = .unlimited
    ) throws(StorageError) {
        try self.init(path: path, policy: policy, limits: limits, disk: .system)
    }

    /// With other ways to sync, and other patience with other processes, for tests.
    init(
        path: String, policy: CachePolicy = CachePolicy(), limits: CacheLimits = .unlimited,
        disk: DiskSync, patience: Interval = CacheLimiter.standardPatience
    ) throws(StorageError) {
        self.path = path
        self.policy = policy
        do {
            try Self.makeDirectories(path)
        } catch {
            if error.code == ENOTDIR || error.code == EEXIST { throw .notADirectory(path: path) }
            throw .cacheUnusable(path: path, reason: error)
        }
        let number = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else {
            let error = SystemError.last("open")
            if error.code == ENOTDIR { throw .notADirectory(path: path) }
            throw .cacheUnusable(path: path, reason: error)
        }
        let directory = OwnedDescriptor(number)
        guard access(path, W_OK | X_OK) == 0 else {
            throw .cacheUnusable(path: path, reason: .last("write"))
        }
        DiskReserve(directory: directory.rawValue).giveUpIfFull()
        // Where this works SQLite's "unable to open database file" needs no explaining.
        catalogue = try CatalogueRebuild.openCatalogue(in: directory.rawValue, path: path)
        do {
            commits = try CommitQueue(
                catalogue: catalogue, directory: directory.rawValue, disk: disk)
        } catch {
            throw .system(error)
        }
        var status = statvfs()
        let block = fstatvfs(directory.rawValue, &status) == 0 ? Int(status.f_bsize) : 4096
        blockLength = max(
            block.nonzeroBitCount == 1 ? min(block, Self.largestBlock) : 4096,
            Int(sysconf(Int32(_SC_PAGESIZE))))
        descriptor = directory.release()
        limiter = CacheLimiter(limits: limits, directory: descriptor, patience: patience)
        do {
            try limiter.start(self)
        } catch {
            commits.stop()
            throw .system(error)
        }
    }

    /// Network filesystems name the size of their requests as their block.
    private static let largestBlock = 1 << 16

    deinit {
        // The thread holds its queue's state, not this object, and no dirty store is left: each holds
        // us.
        commits.stop()
        limiter.stop()
        Glibc.close(descriptor)
    }

    /// The metainfo of a torrent that this cache knows by its v1 or v2 hash: a mount then needs
    /// no network. Reads from disk; nil also where the catalogue fails, which is logged.
    package func metainfo(for identity: TorrentIdentity) -> TorrentMetainfo? {
        do throws(StorageError) {
            return try catalogue.folder(of: identity).flatMap {
                CacheFolder.metainfo(of: $0, in: descriptor)
            }
        } catch {
            Log.warning("\(error)")
            return nil
        }
    }

    /// How full the directory is and what it may take. What other processes have written and evicted
    /// may be a second old.
    package var usage: CacheUsage { limiter.currentUsage }

    var limits: CacheLimits { limiter.policy.limits }

    /// Syncs and commits what was written so far; false where `deadline` comes first. Blocks.
    @discardableResult
    package func flush(until deadline: Timestamp) -> Bool { commits.flush(until: deadline) }

    /// Makes `path` and what is missing above it.
    private static func makeDirectories(_ path: String) throws(SystemError) {
        if mkdir(path, 0o700) == 0 { return }
        switch errno {
        case EEXIST: return
        case ENOENT:
            let above = parent(of: path)
            guard !above.isEmpty, above != path else { throw SystemError(ENOENT, "make \(path)") }
            try makeDirectories(above)
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .last("make \(path)") }
        default: throw .last("make \(path)")
        }
    }

    private static func parent(of path: String) -> String {
        let slash = UInt8(ascii: "/")
        var bytes = Array(path.utf8)
        while bytes.last == slash { bytes.removeLast() }
        while let last = bytes.last, last != slash { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
