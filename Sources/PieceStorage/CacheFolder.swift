import CLinux
import Glibc
import Metainfo
import Reactor
import TorrentCore

/// One torrent's folder in the cache: `lock`, `metainfo`, and `files/<index / 1024>/<index>`, sparse files
/// 1:1 with the torrent's (never padding files), hexadecimal shards; `chunks` in place of `files` where
/// the torrent is packed, see `DiskLayout`. No name comes from the torrent.
final class CacheFolder: Sendable {
    /// Files a shard folder has at most: small enough for any filesystem's directories.
    private static let shardSize = 1024

    let cache: CacheDirectory
    let torrent: Int64
    let name: String
    /// Whether the torrent is packed: for good, from its first day in the cache.
    let isPacked: Bool

    private let lock: TorrentLock
    private let files: Int32

    /// Takes the torrent's lock, and then enters it in the catalogue: what `CacheInventory` removes
    /// it removes under the lock, row and all.
    init(
        cache: CacheDirectory, metainfo: TorrentMetainfo, purpose: TorrentLock.Purpose = .reading
    ) throws(StorageError) {
        self.cache = cache
        name = metainfo.info.identity.description
        do {
            let folder = try Self.makeDirectory(cache.descriptor, name)
            lock = try TorrentLock(
                folder: folder.rawValue, torrent: name, path: cache.path,
                mountpoint: cache.policy.mountpoint, purpose: purpose)
            try Self.keepMetainfo(metainfo.encoded(), of: name, in: cache.descriptor)
            torrent = try cache.catalogue.register(metainfo.info)
            isPacked =
                Self.isPacked(name, in: cache.descriptor)
                ?? (cache.policy.chunkLength != nil || DiskLayout.packs(metainfo.info.layout))
            files = try Self.makeDirectory(folder.rawValue, Self.filesName(isPacked)).release()
        } catch let error as SystemError {
            throw .cacheUnusable(path: cache.path, reason: error)
        } catch let error as StorageError {
            throw error
        } catch {
            throw .cacheUnusable(path: cache.path, reason: SystemError(EIO, name))
        }
    }

    /// Opens a torrent's folder; where the disk has no room for a new one, after evictions.
    static func open(
        cache: CacheDirectory, metainfo: TorrentMetainfo, purpose: TorrentLock.Purpose,
        pools: StoragePools
    ) throws(StorageError) -> CacheFolder {
        do {
            return try CacheFolder(cache: cache, metainfo: metainfo, purpose: purpose)
        } catch {
            let room = Int64(metainfo.encoded().count) + DiskReserve.length
            guard error.isDiskFull, purpose == .reading,
                cache.limiter.makeRoom(bytes: room, pools: pools)
            else { throw error }
            return try CacheFolder(cache: cache, metainfo: metainfo, purpose: purpose)
        }
    }

    deinit { close(files) }

    /// Lets another process have the torrent; nothing may be written any more.
    func unlock() { lock.release() }

    /// Bytes that a file takes on disk; nil where it is not there.
    func allocatedBytes(of file: FileIndex) -> Int64? {
        var status = stat()
        guard fstatat(files, Self.path(of: file), &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            return nil
        }
        return Int64(status.st_blocks) * 512
    }

    /// Opens a file that must be there; `ENODATA` where its size is not `length`.
    func open(
        _ file: FileIndex, length: Int64, isReadOnly: Bool = false
    ) throws(SystemError) -> OwnedDescriptor {
        let path = Self.path(of: file)
        let flags = (isReadOnly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOFOLLOW
        let descriptor = try OwnedDescriptor(openat(files, path, flags), "open \(path)")
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0 else { throw .last("stat \(path)") }
        guard status.st_mode & S_IFMT == S_IFREG, Int64(status.st_size) == length else {
            throw SystemError(ENODATA, "open \(path)")
        }
        return descriptor
    }

    /// Makes a file, or gives the one that is there its size; every byte counts as unknown.
    func create(_ file: FileIndex, length: Int64) throws(SystemError) -> OwnedDescriptor {
        let path = Self.path(of: file)
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW
        var number = openat(files, path, flags, 0o600)
        if number < 0, errno == ENOENT {
            let shard = String(file.value / Self.shardSize, radix: 16)
            guard mkdirat(files, shard, 0o700) == 0 || errno == EEXIST else {
                throw .last("make \(shard)")
            }
            number = openat(files, path, flags, 0o600)
        }
        let descriptor = try OwnedDescriptor(number, "make \(path)")
        guard ftruncate(descriptor.rawValue, off_t(length)) == 0 else {
            throw .last("resize \(path)")
        }
        return descriptor
    }

    /// Whether a torrent's folder in the cache directory is one of a packed torrent; nil where that is
    /// not decided.
    static func isPacked(_ folder: String, in directory: Int32) -> Bool? {
        for isPacked in [false, true]
        where faccessat(directory, "\(folder)/\(filesName(isPacked))", F_OK, 0) == 0 {
            return isPacked
        }
        return nil
    }

    /// The folder that cache files lie in.
    static func filesName(_ isPacked: Bool) -> String { isPacked ? "chunks" : "files" }

    /// A file's path below `files`.
    static func path(of file: FileIndex) -> String {
        "\(String(file.value / shardSize, radix: 16))/\(file.value)"
    }

    /// Opens a folder, which is made where it is missing.
    static func makeDirectory(
        _ parent: Int32, _ name: String
    ) throws(SystemError) -> OwnedDescriptor {
        guard mkdirat(parent, name, 0o700) == 0 || errno == EEXIST else {
            throw .last("make \(name)")
        }
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW
        return try OwnedDescriptor(openat(parent, name, flags), "open \(name)")
    }
}
