import Ground

/// A row of `versions`.
struct VersionRow {
    var sequence: Int64
    /// `nil` for the null version.
    var token: Token?
    var isDeleteMarker: Bool
    var modified: Timestamp
    var size: Int64
    var attributes: ObjectAttributes
    var content: ContentColumn
    var parts: [(part: ObjectPart, piece: Piece)]

    var id: VersionID {
        guard let token else { return .null }
        return .opaque(OrderedIdentifier.text(sequence: sequence, token: token))
    }

    var layout: ContentLocation.Layout {
        switch content {
        case .single(let piece): .single(piece)
        case .completed: .parts(parts.map(\.piece))
        }
    }

    func version(bucket: Int64, key: String, isCurrent: Bool) -> ObjectVersion {
        ObjectVersion(
            key: key, id: id, isDeleteMarker: isDeleteMarker, isCurrent: isCurrent, lastModified: modified, size: size,
            attributes: attributes, parts: parts.map(\.part),
            content: ContentLocation(bucket: bucket, layout: layout), sequence: sequence)
    }
}

/// What a write or a condition wants to know of the newest version.
struct VersionBrief {
    var sequence: Int64
    var isDeleteMarker: Bool
    var etag: String
}

/// Looks rows of `versions` up, for readers and the writer alike.
struct VersionQueries {
    let database: SQLiteConnection

    /// The newest version of a key.
    func current(bucket: Int64, key: [UInt8]) throws -> VersionRow? {
        try database.statement(
            """
            SELECT sequence, token, marker, modified, size, attributes, tags, content, parts FROM versions
            WHERE bucket = ?1 AND key = ?2 ORDER BY sequence DESC LIMIT 1
            """
        ).bind(1, bucket).bind(2, key).first(Self.row)
    }

    func brief(bucket: Int64, key: [UInt8]) throws -> VersionBrief? {
        try database.statement(
            """
            SELECT sequence, marker, attributes FROM versions WHERE bucket = ?1 AND key = ?2
            ORDER BY sequence DESC LIMIT 1
            """
        ).bind(1, bucket).bind(2, key).first { row in
            VersionBrief(
                sequence: row.int64(0), isDeleteMarker: row.int64(1) != 0,
                etag: try row.withBytes(2) { try AttributesColumn.etag($0) })
        }
    }

    func row(bucket: Int64, key: [UInt8], sequence: Int64) throws -> VersionRow? {
        try database.statement(
            """
            SELECT sequence, token, marker, modified, size, attributes, tags, content, parts FROM versions
            WHERE bucket = ?1 AND key = ?2 AND sequence = ?3
            """
        ).bind(1, bucket).bind(2, key).bind(3, sequence).first(Self.row)
    }

    /// The null version, looked for among all of the key: there is no index on it, for that would double the writes of
    /// every key in a bucket without versioning, where it is the first row anyway.
    func null(bucket: Int64, key: [UInt8]) throws -> VersionRow? {
        try database.statement(
            """
            SELECT sequence, token, marker, modified, size, attributes, tags, content, parts FROM versions
            WHERE bucket = ?1 AND key = ?2 AND token IS NULL LIMIT 1
            """
        ).bind(1, bucket).bind(2, key).first(Self.row)
    }

    func newestSequence(bucket: Int64, key: [UInt8]) throws -> Int64? {
        try database.statement(
            "SELECT sequence FROM versions WHERE bucket = ?1 AND key = ?2 ORDER BY sequence DESC LIMIT 1"
        ).bind(1, bucket).bind(2, key).first { $0.int64(0) }
    }

    /// The row of the version that an id names.
    /// - Throws: ``ObjectStoreError/malformedVersionID``.
    func row(bucket: Int64, key: [UInt8], id: VersionID) throws -> VersionRow? {
        switch id {
        case .null: return try null(bucket: bucket, key: key)
        case .opaque(let text):
            guard let (sequence, token) = OrderedIdentifier.decode(text) else {
                throw ObjectStoreError.malformedVersionID
            }
            guard let row = try row(bucket: bucket, key: key, sequence: sequence), row.token == token else {
                return nil
            }
            return row
        }
    }

    /// The version that is meant, with whether it is the newest.
    /// - Throws: ``ObjectStoreError``: `noSuchKey`, `noSuchVersion`, `malformedVersionID`.
    func select(bucket: Int64, key: [UInt8], _ selector: VersionSelector) throws -> (row: VersionRow, isCurrent: Bool) {
        switch selector {
        case .current:
            guard let row = try current(bucket: bucket, key: key) else { throw ObjectStoreError.noSuchKey }
            return (row, true)
        case .version(let id):
            guard let row = try row(bucket: bucket, key: key, id: id) else { throw ObjectStoreError.noSuchVersion }
            return (row, try newestSequence(bucket: bucket, key: key) == row.sequence)
        }
    }

    /// Reads the columns as the look-ups above select them.
    static func row(_ statement: SQLiteStatement) throws -> VersionRow {
        var row = try listedRow(statement, from: 0)
        row.content = try statement.withBytes(7) { try ContentColumn.decode($0) }
        if case .completed = row.content {
            row.parts = try statement.withBytes(8) { try PartsColumn.decode($0) }
        }
        return row
    }

    /// Reads the columns `sequence` to `tags` from the column `first` on: what listings show.
    static func listedRow(_ statement: SQLiteStatement, from first: Int32) throws -> VersionRow {
        let tags = try statement.withBytes(first + 6) { try TagsColumn.decode($0) }
        return VersionRow(
            sequence: statement.int64(first), token: statement.withBytes(first + 1) { Token(bytes: $0) },
            isDeleteMarker: statement.int64(first + 2) != 0,
            modified: Timestamp(milliseconds: statement.int64(first + 3)), size: statement.int64(first + 4),
            attributes: try statement.withBytes(first + 5) { try AttributesColumn.decode($0, tags: tags) },
            content: .single(.none), parts: [])
    }
}
