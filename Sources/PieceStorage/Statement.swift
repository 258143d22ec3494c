import CSQLite

/// A compiled SQL statement.
struct Statement: ~Copyable {
    /// A parameter.
    enum Value {
        case integer(Int64)
        case text(String)
        case blob([UInt8])
        case null
    }

    let handle: OpaquePointer

    init(_ handle: OpaquePointer) { self.handle = handle }

    deinit { sqlite3_finalize(handle) }

    /// Starts anew with these parameters.
    func bind(_ values: [Value]) {
        sqlite3_reset(handle)
        for (index, value) in values.enumerated() {
            let position = Int32(index + 1)
            let result =
                switch value {
                case .integer(let number):
                    sqlite3_bind_int64(handle, position, number)
                case .text(let text):
                    sqlite3_bind_text(handle, position, text, -1, swarmfs_sqlite_transient())
                case .blob(let bytes):
                    bytes.withUnsafeBytes {
                        sqlite3_bind_blob64(
                            handle, position, $0.baseAddress, UInt64($0.count),
                            swarmfs_sqlite_transient())
                    }
                case .null:
                    sqlite3_bind_null(handle, position)
                }
            // Fails for lack of memory or a blob over SQLite's limit; the step then writes null,
            // which the tables refuse.
            if result != SQLITE_OK { sqlite3_bind_null(handle, position) }
        }
    }

    /// A column of the current row as a number.
    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// The same, or the nearest that is in `bounds`.
    func integer(_ column: Int32, in bounds: ClosedRange<Int64>) -> Int64 {
        min(max(bounds.lowerBound, integer(column)), bounds.upperBound)
    }

    /// A column of the current row as text.
    func text(_ column: Int32) -> String { String(decoding: blob(column), as: UTF8.self) }

    /// A column of the current row as bytes.
    func blob(_ column: Int32) -> [UInt8] {
        let start = sqlite3_column_blob(handle, column)
        let count = Int(sqlite3_column_bytes(handle, column))
        return Array(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
    }
}
