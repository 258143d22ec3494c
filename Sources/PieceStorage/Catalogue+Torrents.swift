import Glibc
import Metainfo
import Reactor
import TorrentCore

extension Catalogue {
    /// The number of a torrent, see below.
    func register(_ metainfo: TorrentMetainfo) throws(StorageError) -> Int64 {
        try register(metainfo.info, metainfo.encoded())
    }

    /// The number of a torrent, made where it is new; keeps its encoded metainfo for later mounts by
    /// infohash.
    func register(_ info: InfoDictionary, _ bytes: [UInt8]) throws(StorageError) -> Int64 {
        let identity = info.identity
        let known = try withDatabase { database throws(Database.Failure) in
            try Self.find(identity, holding: bytes, in: database)
        }
        if let known { return known }
        return try withDatabase { database throws(Database.Failure) in
            try database.transaction { () throws(Database.Failure) in
                let id: Int64
                if let known = try Self.find(identity, in: database) {
                    id = known
                } else {
                    id = try Self.insert(info, in: database)
                }
                try database.run(
                    "INSERT OR REPLACE INTO metainfos(torrent, bytes) VALUES (?, ?)",
                    .integer(id), .blob(bytes))
                return id
            }
        }
    }

    private static func insert(
        _ info: InfoDictionary, in database: Database
    ) throws(Database.Failure) -> Int64 {
        let now = Int64(time(nil))
        try database.run(
            """
            INSERT INTO torrents(folder, infohash, infohash_v2, name, size, piece_length, pieces,
                added, last_use)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, .text(info.identity.description), value(info.identity.v1),
            value(info.identity.v2), .blob(info.name), .integer(info.layout.payloadLength),
            .integer(Int64(info.pieceLength)), .integer(Int64(info.geometry.pieceCount)),
            .integer(now), .integer(now))
        return database.lastInsertedRow
    }

    /// The torrent's number where the catalogue has this very metainfo of it.
    private static func find(
        _ identity: TorrentIdentity, holding bytes: [UInt8], in database: Database
    ) throws(Database.Failure) -> Int64? {
        guard let id = try find(identity, in: database) else { return nil }
        return try database.number(
            "SELECT torrent FROM metainfos WHERE torrent = ? AND bytes = ?", .integer(id),
            .blob(bytes))
    }

    /// The metainfo of a torrent by its number.
    func metainfo(of torrent: Int64) throws(StorageError) -> [UInt8]? {
        try withUsage { database throws(Database.Failure) in
            let statement = try database.prepare("SELECT bytes FROM metainfos WHERE torrent = ?")
            statement.bind([.integer(torrent)])
            return try database.step(statement) ? statement.blob(0) : nil
        }
    }

    /// The metainfo of a torrent that the cache knows by either of its hashes.
    func metainfo(for identity: TorrentIdentity) throws(StorageError) -> [UInt8]? {
        try withDatabase { database throws(Database.Failure) in
            guard let id = try Self.find(identity, in: database) else { return nil }
            let statement = try database.prepare("SELECT bytes FROM metainfos WHERE torrent = ?")
            statement.bind([.integer(id)])
            return try database.step(statement) ? statement.blob(0) : nil
        }
    }

    private static func find(
        _ identity: TorrentIdentity, in database: Database
    ) throws(Database.Failure) -> Int64? {
        if identity.v1 != nil,
            let id = try database.number(
                "SELECT id FROM torrents WHERE infohash = ?", value(identity.v1))
        {
            return id
        }
        guard identity.v2 != nil else { return nil }
        return try database.number(
            "SELECT id FROM torrents WHERE infohash_v2 = ?", value(identity.v2))
    }

    private static func value(_ digest: SHA1Digest?) -> Statement.Value {
        digest.map { .blob($0.bytes) } ?? .null
    }

    private static func value(_ digest: SHA256Digest?) -> Statement.Value {
        digest.map { .blob($0.bytes) } ?? .null
    }
}
