import CSQLite
import Glibc
import Metainfo
import Reactor
import TorrentCore

/// `catalogue.sqlite`: what a cache holds, for every process that uses it.
///
///     torrents(id, folder, infohash, infohash_v2, name, size, piece_length, pieces, added, last_use,
///         bytes, reserved, is_open)  see `Catalogue+Usage`
///     ranges(torrent, first, last)   verified and synced pieces; disjoint, never adjacent
///     blocks(torrent, piece, present, hashes)  the same of single blocks, see `Catalogue+Blocks`
///     uses(torrent, times)           when each piece was last used, see `UseTimes`
///     evictions(torrent, before)     what the torrent's holder is asked to evict
///     pins(torrent, first, last)     files that are not to be evicted; disjoint, never adjacent
///     checks(torrent, boot, pieces)  what `--verify=once` has checked since that start of the machine
///     doubts(torrent, pieces)        what is to be hashed at its first use, see `CatalogueRebuild`
///
/// A range or block is in it only after its data was synced to disk. Calls block on the disk: for the
/// commit thread, and while a torrent is opened.
final class Catalogue: Sendable {
    /// Pages of the log after which it is written back: the log counts against the cache's limit,
    /// and a commit changes about ten.
    static let logPages: Int64 = 128
    static let pageLength: Int64 = 4096

    let path: String
    let database: Locked<Database>
    /// A second connection, whose commits do not wait for the disk: for numbers that are counted
    /// anew after a crash.
    let usage: Locked<Database>

    /// Kept until the connections are closed.
    private let hold: DirectoryHold?
    /// What is given up for a transaction that the disk has no room for.
    private var reserve: DiskReserve? { hold.map { DiskReserve(directory: $0.descriptor) } }

    init(path: String, hold: DirectoryHold? = nil) throws(StorageError) {
        self.path = path
        self.hold = hold
        do {
            database = Locked(try Self.open(path, in: hold?.descriptor))
            let second = try Database(path: path)
            try second.execute("PRAGMA synchronous = NORMAL")
            try Self.configure(second)
            usage = Locked(second)
        } catch let error as StorageError {
            throw error
        } catch let error as Database.Failure {
            throw Self.storageError(error, path)
        } catch {
            throw .catalogueFailed(path: path, reason: "\(error)")
        }
    }

    deinit {
        // The last one to be closed writes the log back: that must be over when `hold` goes.
        database.withLock { $0.close() }
        usage.withLock { $0.close() }
    }

    /// Runs `body` with the connection, twice where the disk is full at first; SQLite's failures
    /// become one-line errors.
    func withDatabase<Result>(
        _ body: (Database) throws(Database.Failure) -> Result
    ) throws(StorageError) -> Result {
        try run(on: database, body)
    }

    /// The same on the connection that does not wait for the disk.
    func withUsage<Result>(
        _ body: (Database) throws(Database.Failure) -> Result
    ) throws(StorageError) -> Result {
        try run(on: usage, body)
    }

    /// Waits for the transaction that another thread may have under way.
    func awaitTransaction() { database.withLock { _ in } }

    private func run<Result>(
        on connection: Locked<Database>, _ body: (Database) throws(Database.Failure) -> Result
    ) throws(StorageError) -> Result {
        do {
            return try connection.withLock {
                (database: inout Database) throws(Database.Failure) -> Result in
                do throws(Database.Failure) {
                    return try body(database)
                } catch {
                    guard error.isDiskFull else { throw error }
                    // With the room that is kept for this, and that which the log takes.
                    reserve?.giveUp()
                    try? database.execute("PRAGMA wal_checkpoint(RESTART)")
                    return try body(database)
                }
            }
        } catch {
            throw Self.storageError(error, path)
        }
    }

    static func storageError(_ failure: Database.Failure, _ path: String) -> StorageError {
        if failure.isDiskFull {
            return .cacheUnusable(path: path, reason: SystemError(ENOSPC, "write"))
        }
        return switch failure.code & 0xFF {
        case SQLITE_NOTADB: .foreignCatalogue(path: path)
        case SQLITE_CORRUPT:
            .catalogueFailed(
                path: path,
                reason: "\(failure.message); unmount all that use it: the next mount makes it anew")
        case SQLITE_READONLY: .cacheUnusable(path: path, reason: SystemError(EROFS, "write"))
        default: .catalogueFailed(path: path, reason: failure.message)
        }
    }

    private static func open(_ path: String, in directory: Int32?) throws -> Database {
        let database = try Database(path: path)
        guard !database.isReadOnly else {
            throw StorageError.cacheUnusable(path: path, reason: SystemError(EROFS, "write"))
        }
        // Looked at before anything is changed: it may be somebody else's.
        let version = try version(of: database, path)
        if version == 0 { try database.execute("PRAGMA journal_mode = WAL") }
        if version < CatalogueSchema.version {
            try CatalogueSchema.upgrade(database, in: directory)
        }
        _ = try Self.version(of: database, path)
        try database.execute("PRAGMA synchronous = FULL")
        try configure(database)
        return database
    }

    private static func configure(_ database: Database) throws(Database.Failure) {
        try database.execute("PRAGMA foreign_keys = ON")
        try database.execute("PRAGMA wal_autocheckpoint = \(logPages)")
        try database.execute("PRAGMA journal_size_limit = \(2 * logPages * pageLength)")
    }

    /// The layout's version; zero where the file holds nothing yet. Throws where it is not ours.
    private static func version(of database: Database, _ path: String) throws -> Int64 {
        let application = try database.number("PRAGMA application_id") ?? 0
        let version = try database.number("PRAGMA user_version") ?? 0
        if application == CatalogueSchema.applicationID {
            guard version <= CatalogueSchema.version else {
                throw StorageError.newerCatalogue(path: path, version: Int(version))
            }
            return version
        }
        let tables = try database.number("SELECT count(*) FROM sqlite_schema") ?? 0
        guard application == 0, version == 0, tables == 0 else {
            throw StorageError.foreignCatalogue(path: path)
        }
        return 0
    }
}
