import Ground

/// What writes do to the rows: the writer's connection, within a transaction.
///
/// Each method looks at all that can make it refuse before it changes anything.
final class WriteTransaction {
    let database: SQLiteConnection
    let clock: CloudClock
    let versions: VersionQueries
    let uploads: UploadQueries
    private let bucketQueries: BucketQueries
    private let sequences: SequenceCounter
    /// Buckets as they are committed.
    private var buckets: [Int64: Bucket] = [:]
    var effects = WriteEffects()

    init(database: SQLiteConnection, clock: CloudClock, sequences: SequenceCounter) {
        self.database = database
        self.clock = clock
        self.sequences = sequences
        versions = VersionQueries(database: database)
        uploads = UploadQueries(database: database)
        bucketQueries = BucketQueries(database: database)
    }

    func newSequence() -> Int64 { sequences.next() }

    // MARK: Buckets

    /// The bucket as it is now, whatever the caller's copy says.
    func bucket(_ id: Int64) throws -> Bucket {
        if let changed = effects.buckets[id] {
            guard let bucket = changed else { throw ObjectStoreError.noSuchBucket }
            return bucket
        }
        if let bucket = buckets[id] { return bucket }
        guard let bucket = try bucketQueries.bucket(id: id) else { throw ObjectStoreError.noSuchBucket }
        buckets[id] = bucket
        return bucket
    }

    /// The transaction is committed.
    func publish() {
        for (id, bucket) in effects.buckets { buckets[id] = bucket }
        if buckets.count > 10_000 { buckets.removeAll() }
    }

    func createBucket(name: String, account: String, region: String, created: Timestamp?) throws -> Bucket {
        if let existing = try bucketQueries.bucket(named: name) { throw ObjectStoreError.bucketExists(existing) }
        let bucket = Bucket(
            id: newSequence(), name: name, account: account, region: region, created: created ?? clock.now,
            versioning: .neverSet)
        try database.statement(
            "INSERT INTO buckets (id, name, account, region, created, versioning) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
        ).bind(1, bucket.id).bind(2, name).bind(3, account).bind(4, region).bind(5, bucket.created.milliseconds)
            .bind(6, Int64(bucket.versioning.rawValue)).run()
        effects.buckets[bucket.id] = .some(bucket)
        return bucket
    }

    func deleteBucket(named name: String) throws {
        guard let bucket = try bucketQueries.bucket(named: name) else { throw ObjectStoreError.noSuchBucket }
        let isUsed = try database.statement("SELECT 1 FROM versions WHERE bucket = ?1 LIMIT 1").bind(1, bucket.id)
            .hasRow()
        guard !isUsed else { throw ObjectStoreError.bucketNotEmpty }
        let open = try database.statement("SELECT sequence, key FROM uploads WHERE bucket = ?1").bind(1, bucket.id)
            .all { (sequence: $0.int64(0), key: $0.bytes(1)) }
        for upload in open {
            try removeUpload(bucket: bucket.id, key: upload.key, sequence: upload.sequence, keeping: [])
        }
        try database.statement("DELETE FROM configurations WHERE bucket = ?1").bind(1, bucket.id).run()
        try database.statement("DELETE FROM buckets WHERE id = ?1").bind(1, bucket.id).run()
        effects.buckets[bucket.id] = .some(nil)
        effects.deletedBucketNames.append(name)
    }

    func setVersioning(bucket id: Int64, _ state: VersioningState) throws -> Bucket {
        var bucket = try bucket(id)
        bucket.versioning = state
        try database.statement("UPDATE buckets SET versioning = ?2 WHERE id = ?1").bind(1, id)
            .bind(2, Int64(state.rawValue)).run()
        effects.buckets[id] = .some(bucket)
        return bucket
    }

    func setConfiguration(bucket id: Int64, name: String, value: [UInt8]?) throws {
        _ = try bucket(id)
        guard let value else {
            return try database.statement("DELETE FROM configurations WHERE bucket = ?1 AND name = ?2")
                .bind(1, id).bind(2, name).run()
        }
        try database.statement(
            """
            INSERT INTO configurations (bucket, name, value) VALUES (?1, ?2, ?3)
            ON CONFLICT (bucket, name) DO UPDATE SET value = ?3
            """
        ).bind(1, id).bind(2, name).bind(3, value).run()
    }

    /// Removes all rows of all buckets. Files go with the sweep that follows.
    func removeEverything() throws {
        for table in ["versions", "parts", "uploads", "blobs", "segments", "configurations", "buckets"] {
            try database.execute("DELETE FROM \(table)")
        }
        buckets.removeAll()
        effects = WriteEffects()
        effects.isReset = true
    }

    // MARK: Pieces

    /// A row that is written in this transaction points to `piece`.
    /// - Parameter recordLength: of a piece in a segment.
    func retain(_ piece: Piece, recordLength: Int64) throws {
        switch piece {
        case .none: break
        case .segment(let id, _): effects.liveBytes[id, default: 0] += recordLength
        case .blob(let id): try database.statement("INSERT INTO blobs (id) VALUES (?1)").bind(1, id.bytes).run()
        }
    }

    /// The row that pointed to `piece` is gone.
    func release(_ piece: Piece, recordLength: Int64) throws {
        switch piece {
        case .none: break
        case .segment(let id, _): effects.liveBytes[id, default: 0] -= recordLength
        case .blob(let id):
            try database.statement("DELETE FROM blobs WHERE id = ?1").bind(1, id.bytes).run()
            effects.freedBlobs.append(id)
        }
    }

    static func recordLength(key: [UInt8], size: Int64) -> Int64 {
        Int64(SegmentRecord.length(keyLength: key.count, bodyLength: Int(size)))
    }
}
