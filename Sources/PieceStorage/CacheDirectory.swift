import Glibc
package import Metainfo
import Reactor
package import TorrentCore

/// A directory of verified data that outlives processes and is shared by them:
///
///     catalogue.sqlite      what is here, see `Catalogue`
///     <infohash>/lock       one process at a time uses a torrent
///     <infohash>/files/     sparse files, see `CacheFolder`
///
/// Order on disk: data, its sync, then the catalogue. Only what the catalogue says is trusted
/// when a torrent is opened, so neither a killed process nor a crashed machine leads to a wrong
/// byte.
package final class CacheDirectory: Sendable {
    /// As given.
    package let path: String

    let catalogue: Catalogue
    let descriptor: Int32
    let commits: CommitQueue

    /// Opens the directory, or makes it and its parents with mode 0700.
    package convenience init(path: String) throws(StorageError) {
        try self.init(path: path, disk: .system)
    }

    /// With other ways to sync, for tests.
    init(path: String, disk: DiskSync) throws(StorageError) {
        self.path = path
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
        // Where this works SQLite's "unable to open database file" needs no explaining.
        catalogue = try Catalogue(path: "\(path)/catalogue.sqlite")
        do {
            commits = try CommitQueue(
                catalogue: catalogue, directory: directory.rawValue, disk: disk)
        } catch {
            throw .system(error)
        }
        descriptor = directory.release()
    }

    deinit {
        // The thread holds `commits`, not this object, and no dirty store is left: each holds us.
        commits.stop()
        Glibc.close(descriptor)
    }

    /// The metainfo of a torrent that this cache knows by its v1 or v2 hash: a mount then needs
    /// no network. Reads from disk; nil also where the catalogue fails, which is logged.
    package func metainfo(for identity: TorrentIdentity) -> [UInt8]? {
        do {
            return try catalogue.metainfo(for: identity)
        } catch {
            Log.warning("\(error)")
            return nil
        }
    }

    /// Remembers a torrent, for `metainfo(for:)`. Opening a `PieceStore` does it as well.
    package func store(metainfo: TorrentMetainfo) throws(StorageError) {
        _ = try catalogue.register(metainfo)
    }

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
