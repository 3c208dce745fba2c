import Ground

/// The rows of `versions` for a ``Listing``: of each key the newest, or all of them.
struct ListedVersions: ListedRows {
    /// What of a key is shown.
    enum Selection {
        /// Its newest version, unless that is a delete marker.
        case current
        case all
    }

    private let bucket: Int64
    private let selection: Selection
    /// From a key on; and within a key, from a sequence on.
    private let onward: SQLiteStatement
    private let within: SQLiteStatement
    private let newest: SQLiteStatement
    private var rows: SQLiteStatement
    private var key: [UInt8] = []
    private var isFirstOfKey = true

    /// Rows of one key that are stepped over before seeking is cheaper.
    private static let stepsBeforeSeek = 6

    init(_ database: SQLiteConnection, bucket: Int64, _ selection: Selection) throws {
        self.bucket = bucket
        self.selection = selection
        onward = try database.statement(
            """
            SELECT key, sequence, token, marker, modified, size, attributes, tags FROM versions
            WHERE bucket = ?1 AND key >= ?2 ORDER BY key, sequence DESC
            """)
        within = try database.statement(
            """
            SELECT key, sequence, token, marker, modified, size, attributes, tags FROM versions
            WHERE bucket = ?1 AND key = ?2 AND sequence < ?3 ORDER BY sequence DESC
            """)
        newest = try database.statement(
            "SELECT 1 FROM versions WHERE bucket = ?1 AND key = ?2 AND sequence > ?3 LIMIT 1")
        rows = onward
    }

    mutating func seek(_ key: [UInt8]) throws -> Bool {
        rows.reset()
        rows = onward
        rows.bind(1, bucket).bind(2, key)
        guard try rows.step() else { return false }
        self.key = rows.bytes(0)
        isFirstOfKey = true
        return true
    }

    mutating func seek(within key: [UInt8], behind sequence: Int64) throws -> Bool {
        rows.reset()
        rows = within
        rows.bind(1, bucket).bind(2, key).bind(3, sequence)
        self.key = key
        guard try rows.step() else { return try seek(ByteOrder.successor(of: key)) }
        // The version it goes on behind may be gone, and may have been the newest.
        isFirstOfKey = try !newest.bind(1, bucket).bind(2, key).bind(3, rows.int64(1)).hasRow()
        return true
    }

    mutating func nextKey() throws -> Bool {
        for _ in 0..<Self.stepsBeforeSeek {
            guard try step() else { return false }
            if isFirstOfKey { return true }
        }
        return try seek(ByteOrder.successor(of: key))
    }

    mutating func nextEntry() throws -> Bool {
        switch selection {
        case .current: try nextKey()
        case .all: try step()
        }
    }

    private mutating func step() throws -> Bool {
        guard try rows.step() else {
            return rows === within ? try seek(ByteOrder.successor(of: key)) : false
        }
        isFirstOfKey = rows.withBytes(0) { !$0.elementsEqual(key) }
        if isFirstOfKey { key = rows.bytes(0) }
        return true
    }

    func end() { rows.reset() }

    var isHidden: Bool {
        switch selection {
        case .current: rows.int64(3) != 0
        case .all: false
        }
    }

    func withKey<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value { key.withUnsafeBytes(body) }

    func entry() throws -> ObjectVersion {
        let row = try VersionQueries.listedRow(rows, from: 1)
        return ObjectVersion(
            key: String(decoding: key, as: UTF8.self), id: row.id, isDeleteMarker: row.isDeleteMarker,
            isCurrent: isFirstOfKey, lastModified: row.modified, size: row.size, attributes: row.attributes, parts: [],
            content: ContentLocation(bucket: bucket, layout: .unknown), sequence: row.sequence)
    }

    func mark(_ page: inout ListPage<ObjectVersion>, _ entry: ObjectVersion) {
        page.next = entry.key
        page.nextVersion = selection == .all ? entry.id : nil
    }
}

/// The rows of `uploads` for a ``Listing``: the uploads of a key in the order in which they were initiated.
struct ListedUploads: ListedRows {
    private let bucket: Int64
    private let onward: SQLiteStatement
    private let within: SQLiteStatement
    private var rows: SQLiteStatement
    private var key: [UInt8] = []

    init(_ database: SQLiteConnection, bucket: Int64) throws {
        self.bucket = bucket
        onward = try database.statement(
            """
            SELECT key, sequence, token, initiated, attributes, tags, algorithm, kind FROM uploads
            WHERE bucket = ?1 AND key >= ?2 ORDER BY key, sequence
            """)
        within = try database.statement(
            """
            SELECT key, sequence, token, initiated, attributes, tags, algorithm, kind FROM uploads
            WHERE bucket = ?1 AND key = ?2 AND sequence > ?3 ORDER BY sequence
            """)
        rows = onward
    }

    mutating func seek(_ key: [UInt8]) throws -> Bool {
        rows.reset()
        rows = onward
        rows.bind(1, bucket).bind(2, key)
        return try step()
    }

    mutating func seek(within key: [UInt8], behind sequence: Int64) throws -> Bool {
        rows.reset()
        rows = within
        rows.bind(1, bucket).bind(2, key).bind(3, sequence)
        self.key = key
        return try step()
    }

    mutating func nextKey() throws -> Bool { try seek(ByteOrder.successor(of: key)) }

    mutating func nextEntry() throws -> Bool { try step() }

    private mutating func step() throws -> Bool {
        guard try rows.step() else {
            return rows === within ? try seek(ByteOrder.successor(of: key)) : false
        }
        key = rows.bytes(0)
        return true
    }

    func end() { rows.reset() }

    var isHidden: Bool { false }

    func withKey<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value { key.withUnsafeBytes(body) }

    func entry() throws -> MultipartUpload {
        try UploadQueries.row(rows, from: 1).upload(key: String(decoding: key, as: UTF8.self))
    }

    func mark(_ page: inout ListPage<MultipartUpload>, _ entry: MultipartUpload) {
        page.next = entry.key
        page.nextUpload = entry.id
    }
}
