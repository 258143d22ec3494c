import CSQLite
import Glibc

/// A connection to an SQLite file; for one thread at a time.
final class Database {
    /// A failed call, with SQLite's extended result code and message.
    struct Failure: Error, Equatable {
        let code: Int32
        let message: String

        /// The operating system's reason, where it had one.
        var systemError: Int32 = 0

        /// Whether the disk, or a share of it, had no room: for the database or its log, or, which shows
        /// as a failed write, for the index beside it.
        var isDiskFull: Bool {
            code & 0xFF == SQLITE_FULL
                || code & 0xFF == SQLITE_IOERR && [ENOSPC, EDQUOT].contains(systemError)
        }
    }

    /// Nil once closed, which SQLite takes for misuse and refuses.
    private var handle: OpaquePointer?

    /// How long a statement waits for another process that is writing: a commit takes a disk
    /// flush, so seconds on a busy disk.
    private static let busyMilliseconds: Int32 = 10_000
    /// Bytes that `preload` reads at a time: as many as disks like to be asked for.
    private static let preloadLength = 1 << 20

    /// Opens, or makes, the file.
    init(path: String) throws(Failure) {
        var handle: OpaquePointer?
        // Not SQLITE_OPEN_NOFOLLOW: it refuses links anywhere in the path, and users link ~/.cache.
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let result = sqlite3_open_v2(path, &handle, flags, nil)
        guard let handle else {
            throw Failure(code: result, message: String(cString: sqlite3_errstr(result)))
        }
        guard result == SQLITE_OK else {
            let message = String(cString: sqlite3_errmsg(handle))
            sqlite3_close_v2(handle)
            throw Failure(code: result, message: message)
        }
        self.handle = handle
        sqlite3_busy_timeout(handle, Self.busyMilliseconds)
    }

    deinit { close() }

    /// Ends the connection; what is called later fails.
    func close() {
        sqlite3_close_v2(handle)
        handle = nil
    }

    /// Whether SQLite fell back to reading only, as it does without saying.
    var isReadOnly: Bool { sqlite3_db_readonly(handle, "main") == 1 }

    /// The rowid of the last insertion.
    var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

    /// Has the kernel read the whole file in one go; page by page, as a statement that needs all of
    /// them would, each costs a disk its latency. Through SQLite, since to close a descriptor of our own
    /// would end the locks that SQLite has on the file (fcntl(2)).
    func preload() {
        var file: UnsafeMutablePointer<sqlite3_file>?
        guard
            sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK,
            let file, let read = file.pointee.pMethods?.pointee.xRead
        else { return }
        withUnsafeTemporaryAllocation(byteCount: Self.preloadLength, alignment: 16) { part in
            var offset: Int64 = 0
            // The end is an error, as any other failure: the statements will meet it.
            while read(file, part.baseAddress, Int32(part.count), offset) == SQLITE_OK {
                offset += Int64(part.count)
            }
        }
    }

    /// Runs statements without parameters or results.
    func execute(_ text: String) throws(Failure) {
        guard sqlite3_exec(handle, text, nil, nil, nil) == SQLITE_OK else { throw failure() }
    }

    /// Compiles one statement.
    func prepare(_ text: String) throws(Failure) -> Statement {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(handle, text, -1, &statement, nil) == SQLITE_OK, let statement
        else { throw failure() }
        return Statement(statement)
    }

    /// Runs a statement to its end.
    func run(_ text: String, _ values: Statement.Value...) throws(Failure) {
        let statement = try prepare(text)
        try run(statement, values)
    }

    /// Runs a compiled statement to its end.
    func run(_ statement: borrowing Statement, _ values: [Statement.Value]) throws(Failure) {
        statement.bind(values)
        while try step(statement) {}
    }

    /// The first row's first column as a number; nil where there is no row.
    func number(_ text: String, _ values: Statement.Value...) throws(Failure) -> Int64? {
        let statement = try prepare(text)
        statement.bind(values)
        return try step(statement) ? statement.integer(0) : nil
    }

    /// Goes to the next row; false at the end.
    func step(_ statement: borrowing Statement) throws(Failure) -> Bool {
        switch sqlite3_step(statement.handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw failure()
        }
    }

    /// Runs `body` in one transaction that takes the write lock at once; rolls back where it
    /// throws.
    func transaction<Result>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try execute("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // Fails where SQLite has rolled back already.
            sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
            throw error
        }
    }

    private func failure() -> Failure {
        Failure(
            code: sqlite3_extended_errcode(handle), message: String(cString: sqlite3_errmsg(handle))
        )
    }
}
