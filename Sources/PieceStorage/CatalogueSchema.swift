import Reactor

/// The catalogue's layout, and the way to it from every earlier one.
enum CatalogueSchema {
    /// "swfs", which marks the file as ours.
    static let applicationID: Int64 = 0x7377_6673
    /// The newest layout.
    static let version: Int64 = 6

    /// Brings an open catalogue to the newest layout, in one transaction; nil for a cache directory
    /// means a catalogue that has no torrents.
    static func upgrade(_ database: Database, in directory: Int32?) throws(Database.Failure) {
        try database.transaction { () throws(Database.Failure) in
            // Another process may have been faster.
            let found = try database.number("PRAGMA user_version") ?? 0
            guard found < version else { return }
            for layout in found..<version { try leave(layout, database, directory) }
            try database.execute("PRAGMA user_version = \(version)")
        }
        // Gives the disk back what the old layout took; goes without where it has no room for that.
        try? database.execute("VACUUM")
    }

    /// The step from a layout to the next.
    private static func leave(
        _ layout: Int64, _ database: Database, _ directory: Int32?
    ) throws(Database.Failure) {
        switch layout {
        case 0: try makeFirst(database)
        case 1: try addUsage(database)
        case 2: try addPinsAndChecks(database)
        case 3: try addDoubts(database)
        case 4: try moveMetainfos(database, directory)
        case 5: try addBlocks(database)
        default: break
        }
    }

    private static func makeFirst(_ database: Database) throws(Database.Failure) {
        try database.execute(
            """
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
            """)
    }

    /// Nobody knows how much disk a torrent takes: at most its cached pieces until they are counted,
    /// as after a crash.
    private static func addUsage(_ database: Database) throws(Database.Failure) {
        try database.execute(
            """
            ALTER TABLE torrents ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE torrents ADD COLUMN reserved INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE torrents ADD COLUMN is_open INTEGER NOT NULL DEFAULT 0;
            UPDATE torrents SET is_open = 1, reserved = piece_length *
                (SELECT coalesce(sum(last - first + 1), 0) FROM ranges WHERE torrent = id);
            CREATE TABLE uses(
                torrent INTEGER PRIMARY KEY REFERENCES torrents(id) ON DELETE CASCADE,
                times BLOB NOT NULL);
            CREATE TABLE evictions(
                torrent INTEGER PRIMARY KEY REFERENCES torrents(id) ON DELETE CASCADE,
                before INTEGER NOT NULL);
            """)
    }

    private static func addPinsAndChecks(_ database: Database) throws(Database.Failure) {
        try database.execute(
            """
            CREATE TABLE pins(
                torrent INTEGER NOT NULL REFERENCES torrents(id) ON DELETE CASCADE,
                first INTEGER NOT NULL,
                last INTEGER NOT NULL,
                first_piece INTEGER NOT NULL,
                last_piece INTEGER NOT NULL,
                PRIMARY KEY(torrent, first)) WITHOUT ROWID;
            CREATE TABLE checks(
                torrent INTEGER PRIMARY KEY REFERENCES torrents(id) ON DELETE CASCADE,
                boot TEXT NOT NULL,
                pieces BLOB NOT NULL);
            """)
    }

    private static func addDoubts(_ database: Database) throws(Database.Failure) {
        try database.execute(
            """
            CREATE TABLE doubts(
                torrent INTEGER PRIMARY KEY REFERENCES torrents(id) ON DELETE CASCADE,
                pieces BLOB NOT NULL);
            """)
    }

    /// Each torrent's metainfo was in the catalogue too. Where the one beside its files cannot be
    /// written it is lost, and fetched again by the next mount by infohash.
    private static func moveMetainfos(
        _ database: Database, _ directory: Int32?
    ) throws(Database.Failure) {
        if let directory {
            let statement = try database.prepare(
                "SELECT folder, metainfos.bytes FROM metainfos JOIN torrents ON torrent = id")
            while try database.step(statement) {
                let folder = statement.text(0)
                do {
                    try CacheFolder.keepMetainfo(statement.blob(1), of: folder, in: directory)
                } catch {
                    Log.warning("metainfo of \(folder) in the cache: \(error)")
                }
            }
        }
        try database.execute("DROP TABLE metainfos")
    }

    private static func addBlocks(_ database: Database) throws(Database.Failure) {
        try database.execute(
            """
            CREATE TABLE blocks(
                torrent INTEGER NOT NULL REFERENCES torrents(id) ON DELETE CASCADE,
                piece INTEGER NOT NULL,
                present BLOB NOT NULL,
                hashes BLOB NOT NULL,
                PRIMARY KEY(torrent, piece)) WITHOUT ROWID;
            """)
    }
}
