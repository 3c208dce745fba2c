import Ground
import NIOCore

/// What became of a deletion.
public struct DeleteResult: Sendable, Equatable {
    /// The delete marker that was inserted, or the version that was named; `nil` in a bucket without versioning.
    public let versionID: VersionID?
    /// Whether a delete marker was inserted, or removed.
    public let isDeleteMarker: Bool
}

extension ObjectStore {
    // MARK: Writing

    /// Writes an object: beside the older versions, or in place of the null version, as the bucket's versioning says.
    /// - Parameters:
    ///   - condition: looked at in the transaction that writes: of two racing writes one sees the other.
    ///   - checksums: to be computed beside the MD5.
    ///   - finish: called when all bytes are there and before anything is kept; gives what is to be kept with them, or
    ///     throws to refuse.
    /// - Throws: what `body` and `finish` throw, as it is; else ``ObjectStoreError``: `noSuchBucket`,
    ///   `preconditionFailed`, `noSuchKey` for `ifMatch` where nothing is there, `diskFull`.
    public func put(
        bucket: Bucket, key: String, condition: WriteCondition, checksums: Set<ChecksumAlgorithm>, body: ByteStream,
        finish: @Sendable (ReceivedBody) throws -> ObjectAttributes
    ) async throws -> ObjectVersion {
        let received = try await ingest.receive(body, checksums: checksums)
        return try await keep(received, finish) { attributes, content in
            try await self.putVersion(bucket, key, condition, attributes, received.body.size, content)
        }
    }

    /// Ends what ``Ingest/receive(_:checksums:)`` began: asks `finish`, syncs, commits, or leaves nothing behind.
    func keep<Finished, Value>(
        _ received: Ingest.Received, _ finish: (ReceivedBody) throws -> Finished,
        commit: (Finished, Ingest.Received.Content) async throws -> Value
    ) async throws -> Value {
        do {
            let finished = try finish(received.body)
            try await ingest.sync(received.content)
            let value = try await commit(finished, received.content)
            if case .blob(let id, _) = received.content { files.keep(id) }
            return value
        } catch {
            await ingest.discard(received.content)
            throw error
        }
    }

    func putVersion(
        _ bucket: Bucket, _ key: String, _ condition: WriteCondition, _ attributes: ObjectAttributes, _ size: Int64,
        _ content: Ingest.Received.Content
    ) async throws(ObjectStoreError) -> ObjectVersion {
        let key = Array(key.utf8)
        let bodies = Self.bodies(of: content, bucket: bucket.id, key: key)
        return try await write(bodies: bodies) { transaction, appended in
            let piece = Self.piece(content, appended)
            return try transaction.put(
                bucket: bucket.id,
                NewVersion(key: key, attributes: attributes, size: size, content: .single(piece)), condition: condition,
                sequence: nil, appended: appended.first)
        }
    }

    /// What of a body goes through the writer.
    static func bodies(
        of content: Ingest.Received.Content, bucket: Int64, key: [UInt8], sequence: Int64? = nil, part: Int = 0
    ) -> [SmallBody] {
        guard case .small(let bytes) = content else { return [] }
        return [SmallBody(bucket: bucket, key: key, sequence: sequence, part: part, bytes: bytes)]
    }

    static func piece(_ content: Ingest.Received.Content, _ appended: [AppendedBody]) -> Piece {
        switch content {
        case .none: .none
        case .small: appended.first?.piece ?? .none
        case .blob(let id, _): .blob(id)
        }
    }

    /// Deletes a key or a version. By S3's rules: without a version id it removes the object where versioning was never
    /// set, and inserts a delete marker else, even where the key is unknown; with one it removes exactly that version,
    /// and succeeds where it is not there.
    /// - Throws: `noSuchBucket`, `malformedVersionID`, `preconditionFailed`, `noSuchKey` for `ifMatch` where nothing is
    ///   there.
    public func delete(
        bucket: Bucket, key: String, _ selector: VersionSelector, condition: WriteCondition = .none
    ) async throws(ObjectStoreError) -> DeleteResult {
        let key = Array(key.utf8)
        return try await write { transaction, _ in
            try transaction.delete(bucket: bucket.id, key: key, selector, condition: condition)
        }
    }

    /// As ``delete(bucket:key:_:condition:)`` for many, in one transaction.
    /// - Returns: a result for each, in the order given.
    /// - Throws: `noSuchBucket`, and where nothing was deleted because the store failed.
    public func deleteMany(
        bucket: Bucket, _ objects: [(key: String, selector: VersionSelector)]
    ) async throws(ObjectStoreError) -> [Result<DeleteResult, ObjectStoreError>] {
        try await write { transaction, _ in
            _ = try transaction.bucket(bucket.id)
            return try objects.map { object in
                do {
                    return .success(
                        try transaction.delete(
                            bucket: bucket.id, key: Array(object.key.utf8), object.selector, condition: .none))
                } catch let refusal as ObjectStoreError {
                    return .failure(refusal)
                }
            }
        }
    }

    /// Puts tags in the place of those that a version has.
    /// - Returns: the version with its new tags.
    /// - Throws: `noSuchBucket`, `noSuchKey` (for a delete marker as well), `noSuchVersion`, `malformedVersionID`.
    @discardableResult
    public func setTags(
        bucket: Bucket, key: String, _ selector: VersionSelector, _ tags: [Attribute]
    ) async throws(ObjectStoreError) -> ObjectVersion {
        let key = Array(key.utf8)
        return try await write { transaction, _ in
            try transaction.setTags(bucket: bucket.id, key: key, selector, tags)
        }
    }

    // MARK: Reading

    /// A version of a key, which can be a delete marker.
    /// - Throws: `noSuchKey`, `noSuchVersion`, `malformedVersionID`.
    public func version(
        bucket: Bucket, key: String, _ selector: VersionSelector
    ) async throws(ObjectStoreError) -> ObjectVersion {
        try await read { session in
            let (row, isCurrent) = try session.versions.select(bucket: bucket.id, key: Array(key.utf8), selector)
            return row.version(bucket: bucket.id, key: key, isCurrent: isCurrent)
        }
    }

    /// As ``version(bucket:key:_:)``, with the bytes where there are few: one way to another thread for both.
    /// - Parameter inlineLimit: bytes up to which they are read.
    /// - Returns: no bytes for a delete marker, nor for what has more than the limit or lies in a file of its own.
    public func read(
        bucket: Bucket, key: String, _ selector: VersionSelector, inlineLimit: Int64 = 64 << 10
    ) async throws(ObjectStoreError) -> (version: ObjectVersion, content: ByteStream?) {
        let content = content
        return try await read { session in
            let bytes = Array(key.utf8)
            // A record can be moved between the look-up and the reading; then the row says where it is now.
            for _ in 0..<Self.attempts {
                let (row, isCurrent) = try session.versions.select(bucket: bucket.id, key: bytes, selector)
                let version = row.version(bucket: bucket.id, key: key, isCurrent: isCurrent)
                guard !row.isDeleteMarker, row.size <= inlineLimit, case .single(let piece) = row.content else {
                    return (version, nil)
                }
                switch piece {
                case .none: return (version, row.size == 0 ? .empty : nil)
                case .blob: return (version, nil)
                case .segment(let id, let offset):
                    let owner = SegmentRecord.Owner(bucket: bucket.id, key: bytes, sequence: row.sequence, part: 0)
                    do {
                        let body = try content.body(segment: id, offset: offset, size: row.size, owner: owner)
                        return (version, ByteStream(body))
                    } catch is ContentReader.Missing {
                        continue
                    }
                }
            }
            throw ObjectStoreError.unreadable("the segment of an object is missing")
        }
    }

    private static var attempts: Int { 3 }

    /// The bytes of a version, or a range of them. Small bodies have been checked against their checksum.
    ///
    /// The files are open when this returns: who reads goes on when the version is removed meanwhile. (An object of
    /// very many parts is the exception.)
    /// - Parameter range: within the version's size; `nil` for all.
    /// - Throws: `unreadable` where bytes are lost or damaged; `noSuchVersion` where the version has been removed.
    public func content(
        of version: ObjectVersion, range: Range<Int64>? = nil
    ) async throws(ObjectStoreError) -> ByteStream {
        let range = (range ?? 0..<version.size).clamped(to: 0..<version.size)
        let content = content
        return try await read { session in
            let owner = SegmentRecord.Owner(
                bucket: version.content.bucket, key: Array(version.key.utf8), sequence: version.sequence, part: 0)
            var (layout, parts) = (version.content.layout, version.parts)
            var missing: ContentReader.Missing?
            for attempt in 0..<Self.attempts {
                if case .unknown = layout {
                } else if attempt == 0 {
                    do {
                        return try content.stream(layout, parts: parts, size: version.size, range: range, owner: owner)
                    } catch let error as ContentReader.Missing {
                        missing = error
                    }
                }
                // Not fetched before, moved by compaction, or gone: the row tells.
                let row = try session.versions.row(bucket: owner.bucket, key: owner.key, sequence: owner.sequence)
                guard let row else { throw ObjectStoreError.noSuchVersion }
                (layout, parts) = (row.layout, row.parts.map(\.part))
                do {
                    return try content.stream(layout, parts: parts, size: version.size, range: range, owner: owner)
                } catch let error as ContentReader.Missing {
                    missing = error
                }
            }
            throw ObjectStoreError.unreadable("\(missing?.path ?? "a file of the store") is missing")
        }
    }
}
