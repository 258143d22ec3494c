import CLinux
import CSQLite
import Glibc
import Metainfo
import Reactor
import TorrentCore

/// Makes a catalogue that is damaged or lost from what lies in the cache directory.
///
/// Each torrent's folder has its metainfo, and its sparse files show where data was written. That
/// data is doubtful: it is on disk, but nobody vouches for it, so it is hashed at its first use.
/// What only the old catalogue knew is lost: pins, and when each piece was last used.
///
/// The new catalogue is made under another name, and takes the old one's place when it is whole: after
/// a crash on the way it is begun anew.
struct CatalogueRebuild {
    /// Larger catalogues are not looked through at each start: this one, of two million ranges, takes
    /// a third of a second of a processor and a disk that reads 150 MB/s. In others SQLite sees damage
    /// when it comes to it.
    private static let checkLimit = 32 << 20
    private static let name = "catalogue.sqlite"

    private let directory: Int32
    private let path: String

    /// Opens the catalogue of a cache directory; one that is damaged, or missing although there are
    /// torrents, is made anew first. Everybody who has a catalogue open holds a lock on its
    /// directory, so that this happens behind nobody's back.
    static func openCatalogue(
        in directory: Int32, path: String
    ) throws(StorageError) -> Catalogue {
        let rebuild = CatalogueRebuild(directory: directory, path: path)
        let hold: DirectoryHold
        do {
            hold = try DirectoryHold(directory)
            guard let damage = try rebuild.damage() else {
                return try Catalogue(path: rebuild.file, hold: hold)
            }
            guard try hold.takeAlone() else {
                throw StorageError.catalogueFailed(
                    path: rebuild.file,
                    reason: "\(damage), and other processes use the cache; end them, then try again"
                )
            }
            // Somebody may have been faster.
            if try rebuild.damage() != nil { try rebuild.run(damage) }
            try hold.share()
        } catch let error as SystemError {
            throw .cacheUnusable(path: path, reason: error)
        } catch let error as StorageError {
            throw error
        } catch {
            throw .cacheUnusable(path: path, reason: SystemError(EIO, "lock"))
        }
        return try Catalogue(path: rebuild.file, hold: hold)
    }

    private var file: String { "\(path)/\(Self.name)" }

    // MARK: - Damage

    /// What is wrong with the catalogue; nil where nothing is, where there is no torrent of ours to
    /// make another from, and where the file is none of ours.
    private func damage() throws(StorageError) -> String? {
        var status = stat()
        guard fstatat(directory, Self.name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            guard errno == ENOENT else { return nil }
            return torrentFolders().isEmpty ? nil : "it is missing"
        }
        if status.st_mode & S_IFMT == S_IFREG, status.st_size == 0 {
            return torrentFolders().isEmpty ? nil : "it is empty"
        }
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        do throws(Database.Failure) {
            let database = try Database(path: file)
            guard try database.number("PRAGMA application_id") == CatalogueSchema.applicationID,
                status.st_size <= Self.checkLimit
            else { return nil }
            database.preload()
            let statement = try database.prepare("PRAGMA quick_check(1)")
            guard try database.step(statement) else { return nil }
            let verdict = statement.text(0)
            return verdict == "ok" ? nil : "it is damaged (\(verdict.prefix { $0 != "\n" }))"
        } catch {
            let code = error.code & 0xFF
            guard code == SQLITE_NOTADB || code == SQLITE_CORRUPT else { return nil }
            return torrentFolders().isEmpty ? nil : "it is damaged (\(error.message))"
        }
    }

    /// The folders that have a metainfo.
    private func torrentFolders() -> [String] {
        FolderTree.folders(in: directory).filter { name in
            faccessat(directory, CacheFolder.metainfoPath(of: name), R_OK, 0) == 0
        }
    }

    // MARK: - Making it anew

    private func run(_ damage: String) throws(StorageError) {
        let draft = Self.name + ".new"
        removeDatabase(draft)
        var counts = (torrents: 0, pieces: 0)
        do {
            let catalogue = try Catalogue(path: "\(path)/\(draft)")
            for folder in torrentFolders() {
                guard let found = try add(folder, to: catalogue) else { continue }
                counts.torrents += 1
                counts.pieces += found
            }
            try catalogue.withDatabase { database throws(Database.Failure) in
                try database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            }
        }
        // First the damaged one, which without its log might pass for a sound and older one; then that
        // log, which must not be applied to the new catalogue.
        renameat(directory, Self.name, directory, Self.name + ".damaged")
        guard fsync(directory) == 0 else { throw .cacheUnusable(path: path, reason: .last("sync")) }
        for suffix in ["-wal", "-shm"] { unlinkat(directory, Self.name + suffix, 0) }
        guard fsync(directory) == 0,
            renameat(directory, draft, directory, Self.name) == 0, fsync(directory) == 0
        else { throw .cacheUnusable(path: path, reason: .last("replace \(Self.name)")) }
        removeDatabase(draft)
        Log.warning(
            "cache catalogue \(file): \(damage); made anew from the cache files: "
                + "\(counts.torrents) torrents, \(counts.pieces) pieces, each hashed at its first use; "
                + "pins are lost")
    }

    private func removeDatabase(_ name: String) {
        for suffix in ["", "-wal", "-shm"] { unlinkat(directory, name + suffix, 0) }
    }

    /// Enters a torrent; gives the number of pieces whose data seems to be there.
    private func add(_ name: String, to catalogue: Catalogue) throws(StorageError) -> Int? {
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW
        guard let folder = try? OwnedDescriptor(openat(directory, name, flags), "open \(name)"),
            let metainfo = CacheFolder.metainfo(of: name, in: directory)
        else {
            Log.warning(
                "cache \(path): folder \(name) has no metainfo that belongs to it; left alone")
            return nil
        }
        let torrent = try catalogue.register(metainfo.info)
        let pieces = WrittenPieces(of: metainfo.info, in: folder.rawValue).pieces
        let bytes = FolderTree.diskBytes(of: folder.rawValue)
        try catalogue.add([
            Catalogue.Addition(
                torrent: torrent, pieces: { pieces.runs.flatMap { Array($0) } }, bytes: { bytes })
        ])
        try catalogue.setDoubts(pieces, of: torrent)
        // What else lies there, single blocks among it, is given back to the disk: nobody knows what
        // it hashes to.
        try catalogue.setUncounted(torrent)
        return pieces.setCount
    }
}
