import CSQLite

/// A prepared statement. Values are bound first, then it is stepped by one of `run`, `first`, `eachRow` or `step`.
///
/// Like its connection it is used by one thread at a time.
package final class SQLiteStatement {
    private let handle: OpaquePointer
    private unowned let connection: SQLiteConnection
    private let sql: String
    /// The first bind that failed; told when the statement is run, so that binds can be written in a row.
    private var bindFailure: Int32 = SQLITE_OK

    init(handle: OpaquePointer, sql: String, connection: SQLiteConnection) {
        self.handle = handle
        self.sql = sql
        self.connection = connection
    }

    func finalize() { sqlite3_finalize(handle) }

    // MARK: Binding; parameters are numbered from 1

    @discardableResult
    package func bind(_ parameter: Int32, _ value: Int64) -> SQLiteStatement {
        note(sqlite3_bind_int64(handle, parameter, value))
    }

    @discardableResult
    package func bind(_ parameter: Int32, _ value: Int64?) -> SQLiteStatement {
        guard let value else { return bindNull(parameter) }
        return bind(parameter, value)
    }

    @discardableResult
    package func bind(_ parameter: Int32, _ value: String) -> SQLiteStatement {
        note(sqlite3_bind_text(handle, parameter, value, -1, Self.copied))
    }

    @discardableResult
    package func bind(_ parameter: Int32, _ value: [UInt8]) -> SQLiteStatement {
        value.withUnsafeBytes { bytes in
            // A null pointer would bind NULL.
            guard let start = bytes.baseAddress, !bytes.isEmpty else {
                return note(sqlite3_bind_zeroblob(handle, parameter, 0))
            }
            return note(sqlite3_bind_blob64(handle, parameter, start, UInt64(bytes.count), Self.copied))
        }
    }

    @discardableResult
    package func bind(_ parameter: Int32, _ value: [UInt8]?) -> SQLiteStatement {
        guard let value else { return bindNull(parameter) }
        return bind(parameter, value)
    }

    @discardableResult
    package func bindNull(_ parameter: Int32) -> SQLiteStatement {
        note(sqlite3_bind_null(handle, parameter))
    }

    private func note(_ result: Int32) -> SQLiteStatement {
        if result != SQLITE_OK, bindFailure == SQLITE_OK { bindFailure = result }
        return self
    }

    /// `SQLITE_TRANSIENT`, a macro that does not come through to Swift: SQLite takes a copy.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    // MARK: Running

    /// Goes on to the next row; whoever steps by hand calls ``reset()`` afterwards, whatever happened.
    /// - Returns: whether there is a row.
    package func step() throws(SQLiteError) -> Bool {
        if bindFailure != SQLITE_OK {
            defer { bindFailure = SQLITE_OK }
            throw SQLiteError(code: bindFailure, message: "a value can't be bound", sql: sql)
        }
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw connection.error(code, sql)
        }
    }

    /// Ends the run, so that nothing is locked any more. Bound values stay.
    package func reset() { sqlite3_reset(handle) }

    /// Runs to the end, no matter what rows there are.
    package func run() throws(SQLiteError) {
        defer { reset() }
        while try step() {}
    }

    /// What `read` makes of the first row, `nil` where there is none.
    package func first<Value>(_ read: (SQLiteStatement) throws -> Value) throws -> Value? {
        defer { reset() }
        return try step() ? try read(self) : nil
    }

    /// Whether there is a row at all.
    package func hasRow() throws(SQLiteError) -> Bool {
        defer { reset() }
        return try step()
    }

    package func eachRow(_ body: (SQLiteStatement) throws -> Void) throws {
        defer { reset() }
        while try step() { try body(self) }
    }

    /// What `read` makes of each row.
    package func all<Value>(_ read: (SQLiteStatement) throws -> Value) throws -> [Value] {
        var values: [Value] = []
        try eachRow { values.append(try read($0)) }
        return values
    }

    // MARK: The row; columns are numbered from 0

    package func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    package func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    package func text(_ column: Int32) -> String {
        guard let text = sqlite3_column_text(handle, column) else { return "" }
        return String(cString: text)
    }

    package func bytes(_ column: Int32) -> [UInt8] {
        withBytes(column) { [UInt8]($0) }
    }

    /// The bytes of a column as they lie in SQLite's memory: valid within `body` only.
    package func withBytes<Value>(_ column: Int32, _ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        let start = sqlite3_column_blob(handle, column)
        return try body(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }
}
