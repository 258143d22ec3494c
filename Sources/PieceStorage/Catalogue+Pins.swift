import Metainfo
import TorrentCore

extension Catalogue {
    /// The files of a torrent that are not to be evicted.
    func pins(of torrent: Int64, fileCount: Int) throws(StorageError) -> FileRuns {
        try withDatabase { database throws(Database.Failure) in
            let statement = try database.prepare("SELECT first, last FROM pins WHERE torrent = ?")
            statement.bind([.integer(torrent)])
            var runs: [Range<Int>] = []
            while try database.step(statement) {
                let (first, last) = (statement.integer(0), statement.integer(1))
                guard first >= 0, first <= last, last < Int64(fileCount) else { continue }
                runs.append(Int(first)..<Int(last) + 1)
            }
            return FileRuns(runs, count: fileCount)
        }
    }

    /// The pieces that hold these files, for those who do not know the torrent's layout.
    func pinnedPieces(of torrent: OtherTorrent) throws(StorageError) -> [Range<PieceIndex>] {
        try withUsage { database throws(Database.Failure) in
            let statement = try database.prepare(
                "SELECT first_piece, last_piece FROM pins WHERE torrent = ?")
            statement.bind([.integer(torrent.id)])
            var ranges: [Range<PieceIndex>] = []
            while try database.step(statement) {
                let (first, last) = (statement.integer(0), statement.integer(1))
                guard first >= 0, first <= last, last < Int64(torrent.pieceCount) else { continue }
                ranges.append(PieceIndex(Int(first))..<PieceIndex(Int(last) + 1))
            }
            return ranges
        }
    }

    /// Replaces what `pins` gives; on disk before it returns.
    func setPins(
        _ pins: FileRuns, of torrent: Int64, _ layout: FileLayout
    ) throws(StorageError) {
        try withDatabase { database throws(Database.Failure) in
            try database.transaction { () throws(Database.Failure) in
                try database.run("DELETE FROM pins WHERE torrent = ?", .integer(torrent))
                for run in pins.runs {
                    let pieces = FileRuns.pieces(of: run, layout)
                    try database.run(
                        """
                        INSERT INTO pins(torrent, first, last, first_piece, last_piece)
                        VALUES (?, ?, ?, ?, ?)
                        """, .integer(torrent), .integer(Int64(run.lowerBound)),
                        .integer(Int64(run.upperBound - 1)),
                        .integer(Int64(pieces.lowerBound.value)),
                        .integer(Int64(pieces.upperBound.value - 1)))
                }
            }
        }
    }
}
