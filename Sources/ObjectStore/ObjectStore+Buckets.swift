import Ground

extension ObjectStore {
    /// Makes a bucket, with versioning never set.
    /// - Parameters:
    ///   - name: as S3 allows it, which the caller sees to.
    ///   - created: defaults to now.
    /// - Throws: `bucketExists`, whoever owns it.
    @discardableResult
    public func createBucket(
        name: String, account: String, region: String, created: Timestamp? = nil
    ) async throws(ObjectStoreError) -> Bucket {
        try await write { transaction, _ in
            try transaction.createBucket(name: name, account: account, region: region, created: created)
        }
    }

    /// The bucket of a name, mostly from memory; `nil` where there is none.
    public func bucket(named name: String) async throws(ObjectStoreError) -> Bucket? {
        let (cached, generation) = bucketCache.bucket(named: name)
        if let cached { return cached }
        let found = try await read { try $0.buckets.bucket(named: name) }
        if let found { bucketCache.keep(found, generation: generation) }
        return found
    }

    /// Removes an empty bucket. Its open uploads go with it.
    /// - Throws: `noSuchBucket`; `bucketNotEmpty` while there is any version or delete marker.
    public func deleteBucket(named name: String) async throws(ObjectStoreError) {
        try await write { transaction, _ in try transaction.deleteBucket(named: name) }
    }

    /// Buckets by name.
    /// - Parameters:
    ///   - account: the owner's, or all.
    ///   - after: only names greater than it.
    public func buckets(
        account: String? = nil, prefix: String = "", after: String? = nil, limit: Int
    ) async throws(ObjectStoreError) -> [Bucket] {
        try await read { try $0.buckets.buckets(account: account, prefix: prefix, after: after, limit: limit) }
    }

    /// - Returns: the bucket as it is now.
    /// - Throws: `noSuchBucket`.
    @discardableResult
    public func setVersioning(bucket: Bucket, _ state: VersioningState) async throws(ObjectStoreError) -> Bucket {
        try await write { transaction, _ in try transaction.setVersioning(bucket: bucket.id, state) }
    }

    /// Keeps a document with a bucket, or removes it; what is in it is the caller's business.
    /// - Throws: `noSuchBucket`.
    public func setConfiguration(bucket: Bucket, name: String, value: [UInt8]?) async throws(ObjectStoreError) {
        try await write { transaction, _ in
            try transaction.setConfiguration(bucket: bucket.id, name: name, value: value)
        }
    }

    /// A document that is kept with a bucket, `nil` where there is none.
    public func configuration(bucket: Bucket, name: String) async throws(ObjectStoreError) -> [UInt8]? {
        try await read { try $0.buckets.configuration(bucket: bucket.id, name: name) }
    }
}
