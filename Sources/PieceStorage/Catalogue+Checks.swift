import TorrentCore

extension Catalogue {
    /// The pieces that were hashed since the machine was started: none where that was another start.
    func checked(
        of torrent: Int64, since boot: BootID, pieceCount: Int
    ) throws(StorageError) -> Bitfield {
        try withDatabase { database throws(Database.Failure) in
            let statement = try database.prepare(
                "SELECT pieces FROM checks WHERE torrent = ? AND boot = ?")
            statement.bind([.integer(torrent), .text(boot.text)])
            guard try database.step(statement) else { return Bitfield(count: pieceCount) }
            return Bitfield(count: pieceCount, wire: statement.blob(0).span)
                ?? Bitfield(count: pieceCount)
        }
    }

    /// Replaces what `checked` gives.
    func setChecked(
        _ pieces: Bitfield, of torrent: Int64, since boot: BootID
    ) throws(StorageError) {
        try withDatabase { database throws(Database.Failure) in
            try database.run(
                "INSERT OR REPLACE INTO checks(torrent, boot, pieces) VALUES (?, ?, ?)",
                .integer(torrent), .text(boot.text), .blob(pieces.wireBytes))
        }
    }

    /// The pieces that nobody has hashed since the catalogue was made anew; nil where there are none.
    func doubts(of torrent: Int64, pieceCount: Int) throws(StorageError) -> Bitfield? {
        try withDatabase { database throws(Database.Failure) in
            let statement = try database.prepare("SELECT pieces FROM doubts WHERE torrent = ?")
            statement.bind([.integer(torrent)])
            guard try database.step(statement) else { return nil }
            return Bitfield(count: pieceCount, wire: statement.blob(0).span)
        }
    }

    /// Replaces what `doubts` gives.
    func setDoubts(_ pieces: Bitfield?, of torrent: Int64) throws(StorageError) {
        try withDatabase { database throws(Database.Failure) in
            guard let pieces, !pieces.isEmpty else {
                return try database.run(
                    "DELETE FROM doubts WHERE torrent = ?", .integer(torrent))
            }
            try database.run(
                "INSERT OR REPLACE INTO doubts(torrent, pieces) VALUES (?, ?)",
                .integer(torrent), .blob(pieces.wireBytes))
        }
    }
}
