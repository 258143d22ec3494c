import Glibc
import Metainfo
import Reactor
import TorrentCore

extension Catalogue {
    /// The number of a torrent, made where it is new.
    func register(_ info: InfoDictionary) throws(StorageError) -> Int64 {
        let identity = info.identity
        let known = try withDatabase { database throws(Database.Failure) in
            try Self.find(identity, in: database)
        }
        if let known { return known }
        return try withDatabase { database throws(Database.Failure) in
            try database.transaction { () throws(Database.Failure) in
                // Another process may have been faster.
                if let known = try Self.find(identity, in: database) { return known }
                return try Self.insert(info, in: database)
            }
        }
    }

    /// The folder of a torrent that the cache knows by either of its hashes.
    func folder(of identity: TorrentIdentity) throws(StorageError) -> String? {
        try withDatabase { database throws(Database.Failure) in
            guard let id = try Self.find(identity, in: database) else { return nil }
            let statement = try database.prepare("SELECT folder FROM torrents WHERE id = ?")
            statement.bind([.integer(id)])
            return try database.step(statement) ? statement.text(0) : nil
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
