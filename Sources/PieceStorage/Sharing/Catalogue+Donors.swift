import TorrentCore

extension Catalogue {
    /// A torrent that may hold pieces of another one.
    struct Donor {
        let id: Int64
        let folder: String
    }

    /// Torrents of which something is cached and whose pieces can be those of a torrent: they are as
    /// long, or both have pieces roots. Those of the same name first, then the last used.
    func donors(
        for torrent: Int64, pieceLength: Int64, isV2: Bool, limit: Int
    ) throws(StorageError) -> [Donor] {
        try withDatabase { database throws(Database.Failure) in
            let statement = try database.prepare(
                """
                SELECT id, folder FROM torrents
                WHERE id <> ?1 AND (piece_length = ?2 OR (?3 AND infohash_v2 IS NOT NULL))
                    AND EXISTS (SELECT 1 FROM ranges WHERE ranges.torrent = id)
                ORDER BY name = (SELECT name FROM torrents WHERE id = ?1) DESC, last_use DESC
                LIMIT ?4
                """)
            statement.bind([
                .integer(torrent), .integer(pieceLength), .integer(isV2 ? 1 : 0),
                .integer(Int64(limit)),
            ])
            var donors: [Donor] = []
            while try database.step(statement) {
                donors.append(Donor(id: statement.integer(0), folder: statement.text(1)))
            }
            return donors
        }
    }
}
