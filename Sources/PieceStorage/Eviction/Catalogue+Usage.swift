import Glibc
import Reactor
import TorrentCore

/// How much disk each torrent takes, and what was used when.
///
/// `bytes` is what a torrent's files took when its holder last said. `reserved` is what they may grow
/// to before the holder asks again, zero where nobody holds the torrent: the sum over the larger of
/// both is never below what the directory takes, whoever writes. `is_open` is set while a process
/// holds a torrent; one that is set when a torrent's lock is free tells of a crash, and the files are
/// to be counted again.
extension Catalogue {
    /// What the last holder left of a torrent.
    struct UsageRecord {
        var bytes: Int64
        /// Whether `bytes` is right: the last holder said good-bye.
        var isExact: Bool
        /// When each piece was last used.
        var times: UseTimes
    }

    /// A torrent that others may evict from.
    struct OtherTorrent {
        let id: Int64
        let folder: String
        let pieceLength: Int64
        let pieceCount: Int
        /// What it counts against the limit.
        let bytes: Int64
        let isOpen: Bool
    }

    /// What is known of a torrent whose lock the caller holds; marks it as open, on disk before it
    /// returns, and, for a reader, as used now.
    func beginUse(
        of torrent: Int64, pieceCount: Int, isRead: Bool
    ) throws(StorageError) -> UsageRecord {
        let record = try withDatabase { database throws(Database.Failure) in
            let statement = try database.prepare(
                """
                SELECT bytes, reserved, is_open, last_use, times FROM torrents
                LEFT JOIN uses ON torrent = id WHERE id = ?
                """)
            statement.bind([.integer(torrent)])
            guard try database.step(statement) else {
                return UsageRecord(
                    bytes: 0, isExact: false, times: UseTimes(count: pieceCount, all: .never))
            }
            let isExact = statement.integer(2) == 0
            let bytes = statement.integer(0, in: Bounds.bytes)
            let reserved = statement.integer(1, in: Bounds.bytes)
            let lastUse = UseTime(seconds: statement.integer(3))
            return UsageRecord(
                bytes: isExact ? bytes : max(bytes, reserved), isExact: isExact,
                times: UseTimes(bytes: statement.blob(4), count: pieceCount)
                    ?? UseTimes(count: pieceCount, all: lastUse))
        }
        do {
            try withDatabase { database throws(Database.Failure) in
                try database.run(
                    """
                    UPDATE torrents SET is_open = 1, last_use = CASE ? WHEN 0 THEN last_use ELSE ? END
                    WHERE id = ?
                    """, .integer(isRead ? 1 : 0), .integer(Int64(time(nil))), .integer(torrent))
            }
        } catch {
            // No reason to refuse what is cached: the disk may be full.
            Log.debug("\(error)")
        }
        return record
    }

    /// The last holder's good-bye: `bytes` are exact, nothing is reserved, nobody is asked.
    func endUse(of torrent: Int64, bytes: Int64, times: [UInt8]?) throws(StorageError) {
        try withUsage { database throws(Database.Failure) in
            try database.transaction { () throws(Database.Failure) in
                try database.run(
                    "UPDATE torrents SET bytes = ?, reserved = 0, is_open = 0 WHERE id = ?",
                    .integer(bytes), .integer(torrent))
                try database.run(
                    "DELETE FROM evictions WHERE torrent = ?", .integer(torrent))
                try Self.keep(times, of: torrent, in: database)
            }
        }
    }

    /// Keeps use times for the case of a crash.
    func keep(times: [UInt8], of torrent: Int64) throws(StorageError) {
        try withUsage { database throws(Database.Failure) in
            try Self.keep(times, of: torrent, in: database)
        }
    }

    private static func keep(
        _ times: [UInt8]?, of torrent: Int64, in database: Database
    ) throws(Database.Failure) {
        guard let times else { return }
        try database.run(
            "INSERT OR REPLACE INTO uses(torrent, times) VALUES (?, ?)", .integer(torrent),
            .blob(times))
    }

    /// Lets a torrent grow to `wanted` bytes, or as far as `limit` allows over all torrents, but not
    /// where that is less than `needed`; gives what it may grow to, or nil.
    func reserve(
        _ torrent: Int64, bytes: Int64, needed: Int64, wanted: Int64, limit: Int64
    ) throws(StorageError) -> Int64? {
        try withUsage { database throws(Database.Failure) in
            try database.transaction { () throws(Database.Failure) in
                let others =
                    try database.number(
                        """
                        SELECT cast(min(total(max(bytes, reserved)), \(Bounds.bytes.upperBound))
                            AS INTEGER) FROM torrents WHERE id <> ?
                        """, .integer(torrent)) ?? 0
                guard needed <= limit - others else { return nil }
                let granted = min(wanted, limit - others)
                try Self.settle([(torrent, bytes, granted)], in: database)
                return granted
            }
        }
    }

    /// Notes what torrents take now, and may grow to.
    func settle(
        _ torrents: [(id: Int64, bytes: Int64, reserved: Int64)]
    ) throws(StorageError) {
        guard !torrents.isEmpty else { return }
        try withUsage { database throws(Database.Failure) in
            try database.transaction { () throws(Database.Failure) in
                try Self.settle(torrents, in: database)
            }
        }
    }

    private static func settle(
        _ torrents: [(id: Int64, bytes: Int64, reserved: Int64)], in database: Database
    ) throws(Database.Failure) {
        for (id, bytes, reserved) in torrents {
            try database.run(
                "UPDATE torrents SET bytes = ?, reserved = ? WHERE id = ?", .integer(bytes),
                .integer(reserved), .integer(id))
        }
    }

    /// Has a torrent's files counted anew when it is opened next.
    func setUncounted(_ torrent: Int64) throws(StorageError) {
        try withUsage { database throws(Database.Failure) in
            try database.run(
                "UPDATE torrents SET is_open = 1 WHERE id = ?", .integer(torrent))
        }
    }

    /// All torrents with anything on disk but `own`.
    func others(than own: Set<Int64>) throws(StorageError) -> [OtherTorrent] {
        try withUsage { database throws(Database.Failure) in
            let statement = try database.prepare(
                """
                SELECT id, folder, piece_length, pieces, max(bytes, reserved), is_open FROM torrents
                WHERE bytes > 0 OR reserved > 0 OR is_open <> 0
                """)
            var others: [OtherTorrent] = []
            while try database.step(statement) {
                guard !own.contains(statement.integer(0)) else { continue }
                others.append(
                    OtherTorrent(
                        id: statement.integer(0), folder: statement.text(1),
                        pieceLength: statement.integer(2, in: Bounds.pieceLength),
                        pieceCount: Int(statement.integer(3, in: Bounds.pieces)),
                        bytes: statement.integer(4, in: Bounds.bytes),
                        isOpen: statement.integer(5) != 0))
            }
            return others
        }
    }

    /// When the pieces of a torrent were last used, as far as is kept.
    func times(of torrent: OtherTorrent) throws(StorageError) -> UseTimes {
        try withUsage { database throws(Database.Failure) in
            let statement = try database.prepare(
                "SELECT last_use, times FROM torrents LEFT JOIN uses ON torrent = id WHERE id = ?")
            statement.bind([.integer(torrent.id)])
            let isKnown = try database.step(statement)
            let last = isKnown ? UseTime(seconds: statement.integer(0)) : .never
            return (isKnown ? UseTimes(bytes: statement.blob(1), count: torrent.pieceCount) : nil)
                ?? UseTimes(count: torrent.pieceCount, all: last)
        }
    }

    // MARK: Between processes

    /// Asks whoever holds a torrent to evict what was not used after `before`.
    func ask(_ torrent: Int64, toEvictBefore before: UseTime) throws(StorageError) {
        try withUsage { database throws(Database.Failure) in
            try database.run(
                "INSERT OR REPLACE INTO evictions(torrent, before) VALUES (?, ?)",
                .integer(torrent), .integer(Int64(before.rawValue)))
        }
    }

    /// What holders of these torrents are asked for.
    func evictions(of torrents: Set<Int64>) throws(StorageError) -> [Int64: UseTime] {
        try withUsage { database throws(Database.Failure) in
            var asked: [Int64: UseTime] = [:]
            let statement = try database.prepare("SELECT torrent, before FROM evictions")
            while try database.step(statement) {
                guard torrents.contains(statement.integer(0)) else { continue }
                asked[statement.integer(0)] = UseTime(
                    rawValue: UInt32(clamping: statement.integer(1)))
            }
            return asked
        }
    }

    /// What was asked of these torrents is done, as far as it could be.
    func endEvictions(of torrents: Set<Int64>) throws(StorageError) {
        try withUsage { database throws(Database.Failure) in
            for torrent in torrents {
                try database.run("DELETE FROM evictions WHERE torrent = ?", .integer(torrent))
            }
        }
    }

    /// The torrents whose holders have not yet done what they were asked.
    func pendingEvictions() throws(StorageError) -> Set<Int64> {
        try withUsage { database throws(Database.Failure) in
            var pending: Set<Int64> = []
            let statement = try database.prepare("SELECT torrent FROM evictions")
            while try database.step(statement) { pending.insert(statement.integer(0)) }
            return pending
        }
    }

    /// A number that changes when another connection, of this process or another, has committed.
    func dataVersion() throws(StorageError) -> Int64 {
        try withUsage { database throws(Database.Failure) in
            try database.number("PRAGMA data_version") ?? 0
        }
    }
}
