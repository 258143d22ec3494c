import TorrentCore

extension Catalogue {
    /// The pieces that are verified and on disk; numbers a torrent cannot have are left out.
    func cached(of torrent: Int64, pieceCount: Int) throws(StorageError) -> Bitfield {
        try withDatabase { database throws(Database.Failure) in
            var cached = Bitfield(count: pieceCount)
            let statement = try database.prepare(
                "SELECT first, last FROM ranges WHERE torrent = ?")
            statement.bind([.integer(torrent)])
            while try database.step(statement) {
                let (first, last) = (statement.integer(0), statement.integer(1))
                guard first >= 0, first <= last, last < Int64(pieceCount) else { continue }
                for piece in Int(first)...Int(last) { cached[PieceIndex(piece)] = true }
            }
            return cached
        }
    }

    /// What is to be added of a torrent. The functions are called while the catalogue is locked, so
    /// that what `remove` took out before cannot come back.
    struct Addition {
        let torrent: Int64
        /// Pieces that are synced.
        let pieces: () -> [PieceIndex]
        /// Single blocks that are synced, and what they hash to.
        var blocks: () -> [PieceIndex: [Int: SHA256Digest]] = { [:] }
        /// What the torrent takes of the disk; nil where it is no longer ours, and nothing is added.
        let bytes: () -> Int64?
    }

    /// Adds what is synced of several torrents in one transaction.
    func add(_ additions: [Addition]) throws(StorageError) {
        try withDatabase { database throws(Database.Failure) in
            try database.transaction { () throws(Database.Failure) in
                for addition in additions {
                    guard let bytes = addition.bytes() else { continue }
                    let torrent = addition.torrent
                    let pieces = addition.pieces()
                    try Self.add(addition.blocks(), of: torrent, in: database)
                    // Afterwards: of a piece that is whole there are no blocks.
                    for run in Self.runs(pieces) {
                        try Self.remove(run, of: torrent, in: database)
                        try Self.insert(run, of: torrent, in: database)
                    }
                    try database.run(
                        "UPDATE torrents SET bytes = ? WHERE id = ?", .integer(bytes),
                        .integer(torrent))
                }
            }
        }
    }

    /// Takes pieces out; on disk before it returns.
    func remove(_ pieces: Range<PieceIndex>, of torrent: Int64) throws(StorageError) {
        guard !pieces.isEmpty else { return }
        let run = Int64(pieces.lowerBound.value)...Int64(pieces.upperBound.value - 1)
        try remove([run], [:], torrent)
    }

    /// Takes pieces out, and single blocks of others, in one transaction; on disk before it returns.
    func remove(
        _ pieces: [PieceIndex], blocks: [PieceIndex: [Int]] = [:], of torrent: Int64
    ) throws(StorageError) {
        guard !pieces.isEmpty || !blocks.isEmpty else { return }
        try remove(Self.runs(pieces), blocks, torrent)
    }

    private func remove(
        _ runs: [ClosedRange<Int64>], _ blocks: [PieceIndex: [Int]], _ torrent: Int64
    ) throws(StorageError) {
        try withDatabase { database throws(Database.Failure) in
            try database.transaction { () throws(Database.Failure) in
                for run in runs { try Self.remove(run, of: torrent, in: database) }
                try Self.remove(blocks, of: torrent, in: database)
            }
        }
    }

    /// Joins the run, which no range overlaps, with its neighbours.
    private static func insert(
        _ run: ClosedRange<Int64>, of torrent: Int64, in database: Database
    ) throws(Database.Failure) {
        var (first, last) = (run.lowerBound, run.upperBound)
        if let (start, end) = try range(atOrBefore: first - 1, of: torrent, in: database),
            end == first - 1
        {
            first = start
        }
        if let (start, end) = try range(atOrBefore: last + 1, of: torrent, in: database),
            start == last + 1
        {
            try delete(start, of: torrent, in: database)
            last = end
        }
        try database.run(
            "INSERT OR REPLACE INTO ranges(torrent, first, last) VALUES (?, ?, ?)",
            .integer(torrent), .integer(first), .integer(last))
    }

    /// Cuts the run out of whatever ranges overlap it, single blocks of its pieces too.
    private static func remove(
        _ run: ClosedRange<Int64>, of torrent: Int64, in database: Database
    ) throws(Database.Failure) {
        try removeBlocks(of: run, torrent, in: database)
        while let (first, last) = try range(
            atOrBefore: run.upperBound, of: torrent, in: database), last >= run.lowerBound
        {
            try delete(first, of: torrent, in: database)
            let parts = [(first, run.lowerBound - 1), (run.upperBound + 1, last)]
            for (start, end) in parts where start <= end {
                try database.run(
                    "INSERT INTO ranges(torrent, first, last) VALUES (?, ?, ?)",
                    .integer(torrent), .integer(start), .integer(end))
            }
        }
    }

    private static func range(
        atOrBefore piece: Int64, of torrent: Int64, in database: Database
    ) throws(Database.Failure) -> (first: Int64, last: Int64)? {
        let statement = try database.prepare(
            """
            SELECT first, last FROM ranges WHERE torrent = ? AND first <= ?
            ORDER BY first DESC LIMIT 1
            """)
        statement.bind([.integer(torrent), .integer(piece)])
        guard try database.step(statement) else { return nil }
        return (statement.integer(0), statement.integer(1))
    }

    private static func delete(
        _ first: Int64, of torrent: Int64, in database: Database
    ) throws(Database.Failure) {
        try database.run(
            "DELETE FROM ranges WHERE torrent = ? AND first = ?", .integer(torrent),
            .integer(first))
    }

    private static func runs(_ pieces: [PieceIndex]) -> [ClosedRange<Int64>] {
        var runs: [ClosedRange<Int64>] = []
        for piece in pieces.sorted() {
            let number = Int64(piece.value)
            if let last = runs.last, last.upperBound >= number - 1 {
                runs[runs.count - 1] = last.lowerBound...max(last.upperBound, number)
            } else {
                runs.append(number...number)
            }
        }
        return runs
    }
}
