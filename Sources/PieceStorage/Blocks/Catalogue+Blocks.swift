import TorrentCore

/// Blocks that are on disk by themselves: a row a piece, which goes when the piece is whole.
///
/// A row has the blocks' hashes as well: a block that is doubtful, or is to be verified, is compared
/// with its own, since those that the torrent proves them by are with its peers.
extension Catalogue {
    /// The numbers of a torrent's blocks, by piece; the hashes are not read.
    func blocks(of torrent: Int64) throws(StorageError) -> [(piece: Int64, numbers: [Int])] {
        try withUsage { database throws(Database.Failure) in
            let statement = try database.prepare(
                "SELECT piece, present FROM blocks WHERE torrent = ?")
            statement.bind([.integer(torrent)])
            var rows: [(piece: Int64, numbers: [Int])] = []
            while try database.step(statement) {
                rows.append((statement.integer(0), BlockLeaves.numbers(statement.blob(1))))
            }
            return rows
        }
    }

    /// What the blocks of a piece hash to.
    func leaves(of piece: PieceIndex, _ torrent: Int64) throws(StorageError) -> BlockLeaves {
        try withUsage { database throws(Database.Failure) in
            try Self.leaves(of: Int64(piece.value), torrent, in: database)
        }
    }

    private static func leaves(
        of piece: Int64, _ torrent: Int64, in database: Database
    ) throws(Database.Failure) -> BlockLeaves {
        let statement = try database.prepare(
            "SELECT present, hashes FROM blocks WHERE torrent = ? AND piece = ?")
        statement.bind([.integer(torrent), .integer(piece)])
        guard try database.step(statement) else { return BlockLeaves() }
        return BlockLeaves(present: statement.blob(0), hashes: statement.blob(1))
    }

    /// Adds synced blocks; in a transaction.
    static func add(
        _ blocks: [PieceIndex: [Int: SHA256Digest]], of torrent: Int64, in database: Database
    ) throws(Database.Failure) {
        for (piece, leaves) in blocks.sorted(by: { $0.key < $1.key }) {
            try change(piece, of: torrent, in: database) { $0.add(leaves) }
        }
    }

    /// Takes blocks out; in a transaction.
    static func remove(
        _ blocks: [PieceIndex: [Int]], of torrent: Int64, in database: Database
    ) throws(Database.Failure) {
        for (piece, numbers) in blocks.sorted(by: { $0.key < $1.key }) {
            try change(piece, of: torrent, in: database) { $0.remove(numbers) }
        }
    }

    private static func change(
        _ piece: PieceIndex, of torrent: Int64, in database: Database,
        _ change: (inout BlockLeaves) -> Void
    ) throws(Database.Failure) {
        var row = try leaves(of: Int64(piece.value), torrent, in: database)
        let before = row
        change(&row)
        guard row != before else { return }
        if row.isEmpty {
            return try removeBlocks(
                of: Int64(piece.value)...Int64(piece.value), torrent, in: database)
        }
        try database.run(
            "INSERT OR REPLACE INTO blocks(torrent, piece, present, hashes) VALUES (?, ?, ?, ?)",
            .integer(torrent), .integer(Int64(piece.value)), .blob(row.present),
            .blob(row.hashes))
    }

    /// Takes the rows of pieces out; in a transaction.
    static func removeBlocks(
        of pieces: ClosedRange<Int64>, _ torrent: Int64, in database: Database
    ) throws(Database.Failure) {
        try database.run(
            "DELETE FROM blocks WHERE torrent = ? AND piece BETWEEN ? AND ?", .integer(torrent),
            .integer(pieces.lowerBound), .integer(pieces.upperBound))
    }
}
