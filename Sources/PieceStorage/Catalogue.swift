import CSQLite
import Glibc
import Metainfo
import Reactor
import TorrentCore

/// `catalogue.sqlite`: what a cache holds, for every process that uses it.
///
///     torrents(id, folder, infohash, infohash_v2, name, size, piece_length, pieces, added, last_use)
///     metainfos(torrent, bytes)      apart, so that touching last_use does not rewrite megabytes
///     ranges(torrent, first, last)   verified and synced pieces; disjoint, never adjacent
///
/// A range is in it only after its data was synced to disk. Calls block on the disk: for the
/// commit thread, and while a torrent is opened.
final class Catalogue: Sendable {
    /// "swfs", which marks the file as ours.
    static let applicationID: Int64 = 0x7377_6673
    /// The layout above.
    static let version: Int64 = 1

    let path: String
    let database: Locked<Database>

    init(path: String) throws(StorageError) {
        self.path = path
        do {
            database = Locked(try Self.open(path))
        } catch let error as StorageError {
            throw error
        } catch let error as Database.Failure {
            throw Self.storageError(error, path)
        } catch {
            throw .catalogueFailed(path: path, reason: "\(error)")
        }
    }

    /// Runs `body` with the connection; SQLite's failures become one-line errors.
    func withDatabase<Result>(
        _ body: (Database) throws(Database.Failure) -> Result
    ) throws(StorageError) -> Result {
        do {
            return try database.withLock {
                (database: inout Database) throws(Database.Failure) -> Result in
                try body(database)
            }
        } catch {
            throw Self.storageError(error, path)
        }
    }

    static func storageError(_ failure: Database.Failure, _ path: String) -> StorageError {
        switch failure.code & 0xFF {
        case SQLITE_NOTADB: .foreignCatalogue(path: path)
        case SQLITE_CORRUPT:
            .catalogueFailed(
                path: path, reason: "\(failure.message); delete it to start with an empty cache")
        case SQLITE_READONLY: .cacheUnusable(path: path, reason: SystemError(EROFS, "write"))
        case SQLITE_FULL: .cacheUnusable(path: path, reason: SystemError(ENOSPC, "write"))
        default: .catalogueFailed(path: path, reason: failure.message)
        }
    }

    private static func open(_ path: String) throws -> Database {
        let database = try Database(path: path)
        guard !database.isReadOnly else {
            throw StorageError.cacheUnusable(path: path, reason: SystemError(EROFS, "write"))
        }
        // Looked at before anything is changed: it may be somebody else's.
        if try isNew(database, path) {
            try database.execute("PRAGMA journal_mode = WAL")
            try database.transaction { () throws(Database.Failure) in
                // Another process may have been faster.
                guard try database.number("PRAGMA user_version") == 0 else { return }
                try database.execute(schema)
            }
        }
        _ = try isNew(database, path)
        try database.execute("PRAGMA synchronous = FULL")
        try database.execute("PRAGMA foreign_keys = ON")
        return database
    }

    /// Whether the file holds nothing yet; throws where it is not ours.
    private static func isNew(_ database: Database, _ path: String) throws -> Bool {
        let application = try database.number("PRAGMA application_id") ?? 0
        let version = try database.number("PRAGMA user_version") ?? 0
        if application == applicationID {
            guard version <= self.version else {
                throw StorageError.newerCatalogue(path: path, version: Int(version))
            }
            return false
        }
        let tables = try database.number("SELECT count(*) FROM sqlite_schema") ?? 0
        guard application == 0, version == 0, tables == 0 else {
            throw StorageError.foreignCatalogue(path: path)
        }
        return true
    }

    private static let schema = """
        CREATE TABLE torrents(
            id INTEGER PRIMARY KEY,
            folder TEXT NOT NULL UNIQUE,
            infohash BLOB UNIQUE,
            infohash_v2 BLOB UNIQUE,
            name BLOB NOT NULL,
            size INTEGER NOT NULL,
            piece_length INTEGER NOT NULL,
            pieces INTEGER NOT NULL,
            added INTEGER NOT NULL,
            last_use INTEGER NOT NULL);
        CREATE TABLE metainfos(
            torrent INTEGER PRIMARY KEY REFERENCES torrents(id) ON DELETE CASCADE,
            bytes BLOB NOT NULL);
        CREATE TABLE ranges(
            torrent INTEGER NOT NULL REFERENCES torrents(id) ON DELETE CASCADE,
            first INTEGER NOT NULL,
            last INTEGER NOT NULL,
            PRIMARY KEY(torrent, first)) WITHOUT ROWID;
        PRAGMA application_id = \(applicationID);
        PRAGMA user_version = \(version);
        """
}
