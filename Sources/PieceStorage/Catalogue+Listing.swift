import Metainfo
import TorrentCore

extension Catalogue {
    /// One torrent's row.
    struct Row: Sendable {
        let id: Int64
        let folder: String
        let identity: TorrentIdentity
        let name: [UInt8]
        let size: Int64
        let pieceLength: Int64
        let pieces: Int64
        let added: Int64
        let lastUse: Int64
        let piecesCached: Int64
    }

    /// What numbers of a row are held to: a catalogue has no check sums, and a damaged one must not
    /// bring arithmetic or memory to its end.
    enum Bounds {
        private static let limits = MetainfoLimits.standard
        static let pieces = 0...Int64(limits.pieces)
        static let pieceLength = 1...Int64(limits.pieceLength)
        static let bytes = 0...pieces.upperBound * pieceLength.upperBound
    }

    /// Every torrent, the last used first. Rows that no version of swarmfs wrote are left out.
    func torrents() throws(StorageError) -> [Row] {
        try withDatabase { database throws(Database.Failure) in
            let statement = try database.prepare(
                """
                SELECT id, infohash, infohash_v2, name, size, piece_length, pieces, added, last_use,
                    (SELECT total(last - first + 1) FROM ranges WHERE torrent = id)
                FROM torrents ORDER BY last_use DESC, id
                """)
            var rows: [Row] = []
            while try database.step(statement) {
                guard let identity = Self.identity(statement.blob(1), statement.blob(2)) else {
                    continue
                }
                rows.append(
                    Row(
                        id: statement.integer(0), folder: identity.description, identity: identity,
                        name: statement.blob(3), size: statement.integer(4, in: Bounds.bytes),
                        pieceLength: statement.integer(5, in: Bounds.pieceLength),
                        pieces: statement.integer(6, in: Bounds.pieces),
                        added: statement.integer(7), lastUse: statement.integer(8),
                        piecesCached: statement.integer(9, in: Bounds.pieces)))
            }
            return rows
        }
    }

    /// Stops vouching for any byte of a torrent; on disk before it returns.
    func removeRanges(of torrent: Int64) throws(StorageError) {
        try withDatabase { database throws(Database.Failure) in
            try database.transaction { () throws(Database.Failure) in
                try database.run("DELETE FROM ranges WHERE torrent = ?", .integer(torrent))
                try database.run("DELETE FROM blocks WHERE torrent = ?", .integer(torrent))
            }
        }
    }

    /// Forgets a torrent with all that hangs on it; on disk before it returns.
    func removeTorrent(_ torrent: Int64) throws(StorageError) {
        try withDatabase { database throws(Database.Failure) in
            try database.run("DELETE FROM torrents WHERE id = ?", .integer(torrent))
        }
    }

    private static func identity(_ v1: [UInt8], _ v2: [UInt8]) -> TorrentIdentity? {
        if let v2 = SHA256Digest(v2) { return TorrentIdentity(v2: v2, v1: SHA1Digest(v1)) }
        return SHA1Digest(v1).map { TorrentIdentity(v1: $0) }
    }
}
