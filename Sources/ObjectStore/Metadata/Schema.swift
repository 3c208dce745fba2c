import Ground

/// The database's tables.
///
/// `versions` is one tree in the order of (bucket, key, newest first), which is the order of every listing and of the
/// look-up of a key; all that a request wants of a version is in its row. The wide columns come last, so that SQLite
/// need not follow a long row's overflow pages for a listing.
enum Schema {
    /// Counts up with each change of the tables; kept in SQLite's `user_version`.
    static let version: Int64 = 1

    /// What makes a database of the version before into one of the key's version.
    private static let migrations: [Int64: String] = [
        1: """
        CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        INSERT INTO counters VALUES ('sequence', 1);

        CREATE TABLE buckets (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, account TEXT NOT NULL, region TEXT NOT NULL,
            created INTEGER NOT NULL, versioning INTEGER NOT NULL);

        CREATE TABLE configurations (
            bucket INTEGER NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (bucket, name)) WITHOUT ROWID;

        -- token: NULL for the null version. attributes: empty for a delete marker.
        CREATE TABLE versions (
            bucket INTEGER NOT NULL, key BLOB NOT NULL, sequence INTEGER NOT NULL, token BLOB, marker INTEGER NOT NULL,
            modified INTEGER NOT NULL, size INTEGER NOT NULL, attributes BLOB NOT NULL, tags BLOB, content BLOB,
            parts BLOB,
            PRIMARY KEY (bucket, key, sequence DESC)) WITHOUT ROWID;

        CREATE TABLE uploads (
            bucket INTEGER NOT NULL, key BLOB NOT NULL, sequence INTEGER NOT NULL, token BLOB NOT NULL,
            initiated INTEGER NOT NULL, attributes BLOB NOT NULL, tags BLOB, algorithm TEXT, kind INTEGER,
            PRIMARY KEY (bucket, key, sequence)) WITHOUT ROWID;

        -- upload: the sequence of the upload.
        CREATE TABLE parts (
            upload INTEGER NOT NULL, number INTEGER NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
            modified INTEGER NOT NULL, checksum BLOB, piece BLOB,
            PRIMARY KEY (upload, number)) WITHOUT ROWID;

        -- Files with the body of one object or part: what is on the disk and not in here is garbage.
        CREATE TABLE blobs (id BLOB NOT NULL PRIMARY KEY) WITHOUT ROWID;

        -- size: bytes that committed rows may lie in. live: bytes of records that rows point to.
        CREATE TABLE segments (
            id INTEGER PRIMARY KEY, size INTEGER NOT NULL, live INTEGER NOT NULL);
        """
    ]

    /// Makes the tables in an empty file, of which nothing is synced yet when this returns.
    static func create(_ path: String) throws {
        let database = try SQLiteConnection(path: path, cacheKiB: 1024)
        // Closing is what takes the log away again.
        defer { database.close() }
        try database.execute("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY")
        try migrate(database, from: 0)
        try database.execute("PRAGMA journal_mode = WAL")
    }

    private static func migrate(_ database: SQLiteConnection, from found: Int64) throws {
        for next in (found + 1)..<(version + 1) {
            try database.begin()
            do {
                try database.execute(migrations[next] ?? "")
                try database.execute("PRAGMA user_version = \(next)")
                try database.commit()
            } catch {
                database.rollback()
                throw error
            }
        }
    }

    /// Opens the writer's connection, and brings the tables of an older version up to date.
    /// - Throws: ``SQLiteError``, or ``ObjectStoreError``: `failed` where the database is of a later version.
    static func open(_ path: String, maximumPages: Int?) throws -> SQLiteConnection {
        let database = try SQLiteConnection(path: path, cacheKiB: 8192)
        do {
            let found = try database.number("PRAGMA user_version")
            guard found > 0 else { throw ObjectStoreError.unreadable("\(path) is no database of this program") }
            guard found <= version else {
                throw ObjectStoreError.failed(
                    "\(path) has version \(found) of the tables; this program knows \(version) at most")
            }
            try migrate(database, from: found)
            if let maximumPages { try database.execute("PRAGMA max_page_count = \(maximumPages)") }
        } catch {
            database.close()
            throw error
        }
        return database
    }
}
