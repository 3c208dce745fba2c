import Ground

/// A row of `uploads`.
struct UploadRow {
    var sequence: Int64
    var token: Token
    var initiated: Timestamp
    var attributes: ObjectAttributes
    var checksumAlgorithm: ChecksumAlgorithm?
    var checksumKind: StoredChecksum.Kind?

    func upload(key: String) -> MultipartUpload {
        MultipartUpload(
            id: OrderedIdentifier.text(sequence: sequence, token: token), key: key, initiated: initiated,
            attributes: attributes, checksumAlgorithm: checksumAlgorithm, checksumKind: checksumKind)
    }
}

/// A row of `parts`.
struct PartRow {
    var part: UploadedPart
    var piece: Piece
}

/// Looks uploads and their parts up, for readers and the writer alike.
struct UploadQueries {
    let database: SQLiteConnection

    /// - Returns: `nil` where the id is of no open upload of this key.
    func upload(bucket: Int64, key: [UInt8], id: String) throws -> UploadRow? {
        guard let (sequence, token) = OrderedIdentifier.decode(id) else { return nil }
        let row = try database.statement(
            """
            SELECT sequence, token, initiated, attributes, tags, algorithm, kind FROM uploads
            WHERE bucket = ?1 AND key = ?2 AND sequence = ?3
            """
        ).bind(1, bucket).bind(2, key).bind(3, sequence).first { try Self.row($0, from: 0) }
        return row?.token == token ? row : nil
    }

    /// The parts of an upload by number.
    func parts(upload: Int64, after number: Int = 0, limit: Int = .max) throws -> [PartRow] {
        try database.statement(
            """
            SELECT number, size, etag, modified, checksum, piece FROM parts WHERE upload = ?1 AND number > ?2
            ORDER BY number LIMIT ?3
            """
        ).bind(1, upload).bind(2, Int64(number)).bind(3, Int64(limit)).all(Self.part)
    }

    func part(upload: Int64, number: Int) throws -> PartRow? {
        try database.statement(
            "SELECT number, size, etag, modified, checksum, piece FROM parts WHERE upload = ?1 AND number = ?2"
        ).bind(1, upload).bind(2, Int64(number)).first(Self.part)
    }

    private static func part(_ row: SQLiteStatement) throws -> PartRow {
        let content = try row.withBytes(5) { try ContentColumn.decode($0) }
        guard case .single(let piece) = content else { throw BinaryReader.damaged }
        return PartRow(
            part: UploadedPart(
                number: Int(row.int64(0)), size: row.int64(1), etag: row.text(2),
                lastModified: Timestamp(milliseconds: row.int64(3)),
                checksum: try row.withBytes(4) { try ChecksumColumn.decode($0) }),
            piece: piece)
    }

    /// Reads the columns `sequence` to `kind` from the column `first` on.
    static func row(_ row: SQLiteStatement, from first: Int32) throws -> UploadRow {
        guard let token = row.withBytes(first + 1, { Token(bytes: $0) }) else { throw BinaryReader.damaged }
        let tags = try row.withBytes(first + 4) { try TagsColumn.decode($0) }
        return UploadRow(
            sequence: row.int64(first), token: token, initiated: Timestamp(milliseconds: row.int64(first + 2)),
            attributes: try row.withBytes(first + 3) { try AttributesColumn.decode($0, tags: tags) },
            checksumAlgorithm: row.isNull(first + 5) ? nil : ChecksumAlgorithm(rawValue: row.text(first + 5)),
            checksumKind: row.isNull(first + 6) ? nil : StoredChecksum.Kind(rawValue: Int(row.int64(first + 6))))
    }
}
