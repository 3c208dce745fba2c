import CSQLite

/// A connection to a SQLite database in WAL mode, thin over the C interface.
///
/// It is not `Sendable` and opened without SQLite's own mutex: whoever owns it sees to it that one thread at a time
/// uses it and its statements.
package final class SQLiteConnection {
    private var handle: OpaquePointer?
    private var statements: [UnsafeRawPointer: SQLiteStatement] = [:]

    /// Pages in the write-ahead log after the last commit of this connection.
    package private(set) var logPages = 0

    /// Opens, and creates where `path` is not there.
    /// - Parameters:
    ///   - path: a file's path.
    ///   - cacheKiB: how much of the database is kept in memory at most.
    ///   - busyMilliseconds: how long a lock is waited for before ``SQLiteError/isBusy`` is thrown.
    /// - Throws: ``SQLiteError``.
    package init(path: String, cacheKiB: Int, busyMilliseconds: Int32 = 5000) throws(SQLiteError) {
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let result = sqlite3_open_v2(path, &handle, flags, nil)
        guard result == SQLITE_OK else {
            let failure = error(result, "open \(path)")
            sqlite3_close_v2(handle)
            handle = nil
            throw failure
        }
        sqlite3_busy_timeout(handle, busyMilliseconds)
        do {
            // No checkpoint on the way of a commit: the owner runs them where nobody waits.
            try execute(
                """
                PRAGMA cache_size = -\(cacheKiB); PRAGMA temp_store = MEMORY; PRAGMA synchronous = FULL;
                PRAGMA wal_autocheckpoint = 0
                """)
        } catch {
            close()
            throw error
        }
        let context = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_wal_hook(
            handle,
            { context, _, _, pages in
                guard let context else { return SQLITE_OK }
                Unmanaged<SQLiteConnection>.fromOpaque(context).takeUnretainedValue().logPages = Int(pages)
                return SQLITE_OK
            }, context)
    }

    deinit { close() }

    /// Finalizes all statements and closes; nothing may be called afterwards but `close` again.
    package func close() {
        for statement in statements.values { statement.finalize() }
        statements = [:]
        sqlite3_close_v2(handle)
        handle = nil
    }

    /// The prepared statement of `sql`: prepared once, kept until the connection is closed.
    package func statement(_ sql: StaticString) throws(SQLiteError) -> SQLiteStatement {
        let key = UnsafeRawPointer(sql.utf8Start)
        if let statement = statements[key] { return statement }
        var prepared: OpaquePointer?
        let text = sql.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }
        let result = sqlite3_prepare_v3(handle, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard result == SQLITE_OK, let prepared else { throw error(result, text) }
        let statement = SQLiteStatement(handle: prepared, sql: text, connection: self)
        statements[key] = statement
        return statement
    }

    /// Runs statements that give no rows and have no parameters.
    package func execute(_ sql: String) throws(SQLiteError) {
        let result = sqlite3_exec(handle, sql, nil, nil, nil)
        guard result == SQLITE_OK else { throw error(result, sql) }
    }

    /// The number in the first column of the first row, 0 where there is no row.
    package func number(_ sql: StaticString) throws(SQLiteError) -> Int64 {
        let statement = try statement(sql)
        defer { statement.reset() }
        return try statement.step() ? statement.int64(0) : 0
    }

    /// Rows that were inserted, changed or deleted since the connection was opened.
    package var totalChanges: Int64 { sqlite3_total_changes64(handle) }

    // MARK: Transactions

    package func begin() throws(SQLiteError) { try statement("BEGIN IMMEDIATE").run() }

    package func commit() throws(SQLiteError) { try statement("COMMIT").run() }

    /// Gives up the transaction; does nothing where SQLite has done so itself, as it does when the disk is full.
    package func rollback() {
        guard sqlite3_get_autocommit(handle) == 0 else { return }
        // Where even this fails the connection is lost, and the next statement tells.
        _ = try? statement("ROLLBACK").run()
    }

    /// Runs `body` on one unchanging state of the database.
    package func snapshot<Value>(_ body: () throws -> Value) throws -> Value {
        try statement("BEGIN").run()
        defer { rollback() }
        return try body()
    }

    // MARK: The write-ahead log

    package enum Checkpoint: Sendable {
        /// Copies what can be copied without waiting for anybody.
        case passive
        /// Copies all, and lets the next commit start at the log's beginning.
        case restart
        /// As `restart`, and cuts the log to nothing.
        case truncate
    }

    /// Copies the write-ahead log into the database.
    /// - Returns: whether nothing was left over.
    @discardableResult
    package func checkpoint(_ kind: Checkpoint) throws(SQLiteError) -> Bool {
        let mode =
            switch kind {
            case .passive: SQLITE_CHECKPOINT_PASSIVE
            case .restart: SQLITE_CHECKPOINT_RESTART
            case .truncate: SQLITE_CHECKPOINT_TRUNCATE
            }
        guard handle != nil else { return false }
        var inLog: Int32 = 0
        var copied: Int32 = 0
        let result = sqlite3_wal_checkpoint_v2(handle, nil, mode, &inLog, &copied)
        guard result == SQLITE_OK else {
            let failure = error(result, "checkpoint")
            if failure.isBusy { return false }
            throw failure
        }
        if kind != .passive { logPages = 0 }
        return inLog == copied
    }

    func error(_ code: Int32, _ sql: String) -> SQLiteError {
        let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
        return SQLiteError(code: code, message: message, sql: sql)
    }
}
