import CSQLite

/// A call of SQLite that failed.
package struct SQLiteError: Error, CustomStringConvertible {
    /// The extended result code.
    package let code: Int32
    package let message: String
    /// The statement, or what was to be done.
    package let sql: String

    package init(code: Int32, message: String, sql: String) {
        self.code = code
        self.message = message
        self.sql = sql
    }

    private var primaryCode: Int32 { code & 0xff }

    /// No room: on the disk, or within the database's own bound.
    package var isFull: Bool { primaryCode == SQLITE_FULL }

    /// The file is no database, or is damaged or cut short.
    package var isCorrupt: Bool {
        primaryCode == SQLITE_CORRUPT || primaryCode == SQLITE_NOTADB || code == SQLiteError.shortRead
    }

    /// Somebody else holds the lock that is needed.
    package var isBusy: Bool { primaryCode == SQLITE_BUSY || primaryCode == SQLITE_LOCKED }

    /// `SQLITE_IOERR_SHORT_READ`, a macro that does not come through to Swift.
    private static let shortRead: Int32 = SQLITE_IOERR | (2 << 8)

    package var description: String { "SQLite error \(code): \(message) in: \(sql)" }
}
