import Ground

/// Looks buckets and their configurations up, for readers and the writer alike.
struct BucketQueries {
    let database: SQLiteConnection

    func bucket(id: Int64) throws -> Bucket? {
        try database.statement(
            "SELECT id, name, account, region, created, versioning FROM buckets WHERE id = ?1"
        ).bind(1, id).first(Self.bucket)
    }

    func bucket(named name: String) throws -> Bucket? {
        try database.statement(
            "SELECT id, name, account, region, created, versioning FROM buckets WHERE name = ?1"
        ).bind(1, name).first(Self.bucket)
    }

    /// Buckets by name.
    func buckets(account: String?, prefix: String, after: String?, limit: Int) throws -> [Bucket] {
        let statement = try database.statement(
            """
            SELECT id, name, account, region, created, versioning FROM buckets
            WHERE name >= ?1 AND name > ?2 ORDER BY name
            """
        ).bind(1, prefix).bind(2, after ?? "")
        defer { statement.reset() }
        var found: [Bucket] = []
        while found.count < limit, try statement.step() {
            let bucket = try Self.bucket(statement)
            guard bucket.name.utf8.starts(with: prefix.utf8) else { break }
            if account == nil || bucket.account == account { found.append(bucket) }
        }
        return found
    }

    func configuration(bucket: Int64, name: String) throws -> [UInt8]? {
        try database.statement(
            "SELECT value FROM configurations WHERE bucket = ?1 AND name = ?2"
        ).bind(1, bucket).bind(2, name).first { $0.bytes(0) }
    }

    private static func bucket(_ row: SQLiteStatement) throws -> Bucket {
        guard let versioning = VersioningState(rawValue: Int(row.int64(5))) else { throw BinaryReader.damaged }
        return Bucket(
            id: row.int64(0), name: row.text(1), account: row.text(2), region: row.text(3),
            created: Timestamp(milliseconds: row.int64(4)), versioning: versioning)
    }
}
