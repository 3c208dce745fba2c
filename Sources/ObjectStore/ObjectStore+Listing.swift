import Ground

extension ObjectStore {
    /// The current objects of a bucket by key, in UTF-8 byte order; keys whose newest version is a delete marker are
    /// not shown. Entries tell nothing of parts.
    public func list(bucket: Bucket, query: ListQuery) async throws(ObjectStoreError) -> ListPage<ObjectVersion> {
        try await read { session in
            try session.database.snapshot {
                var listing = Listing(try ListedVersions(session.database, bucket: bucket.id, .current), query)
                return try listing.page(query)
            }
        }
    }

    /// All versions and delete markers of a bucket: by key in UTF-8 byte order, within a key newest first. Entries tell
    /// nothing of parts.
    ///
    /// With `query.afterVersion` it goes on behind that version, also where it has been removed meanwhile. Only for the
    /// null version there is then no telling where it was, and all versions of the key are shown.
    /// - Throws: `malformedVersionID`.
    public func listVersions(bucket: Bucket, query: ListQuery) async throws(ObjectStoreError) -> ListPage<ObjectVersion>
    {
        try await read { session in
            try session.database.snapshot {
                var resume: Int64?
                if let after = query.after, let version = query.afterVersion {
                    switch version {
                    case .null:
                        let null = try session.versions.null(bucket: bucket.id, key: Array(after.utf8))
                        resume = null?.sequence ?? .max
                    case .opaque(let text):
                        guard let (sequence, _) = OrderedIdentifier.decode(text) else {
                            throw ObjectStoreError.malformedVersionID
                        }
                        resume = sequence
                    }
                }
                var listing = Listing(try ListedVersions(session.database, bucket: bucket.id, .all), query)
                return try listing.page(query, resume: resume)
            }
        }
    }

    /// The open uploads of a bucket: by key, within a key in the order in which they were initiated.
    /// - Parameter afterUpload: with `query.after`: goes on behind this upload of that key. What is no upload id of
    ///   this store is passed over.
    public func uploads(
        bucket: Bucket, query: ListQuery, afterUpload: String? = nil
    ) async throws(ObjectStoreError) -> ListPage<MultipartUpload> {
        try await read { session in
            try session.database.snapshot {
                let resume = afterUpload.flatMap { OrderedIdentifier.decode($0)?.sequence }
                var listing = Listing(try ListedUploads(session.database, bucket: bucket.id), query)
                return try listing.page(query, resume: resume)
            }
        }
    }
}
