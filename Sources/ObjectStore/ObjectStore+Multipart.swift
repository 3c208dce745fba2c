import Ground
import NIOCore

extension ObjectStore {
    /// Begins an upload in parts. When it is completed, the version's time and its place among the key's versions are
    /// those of this moment.
    /// - Throws: `noSuchBucket`.
    public func createUpload(
        bucket: Bucket, key: String, attributes: ObjectAttributes, checksumAlgorithm: ChecksumAlgorithm?,
        checksumKind: StoredChecksum.Kind?
    ) async throws(ObjectStoreError) -> MultipartUpload {
        let key = Array(key.utf8)
        return try await write { transaction, _ in
            try transaction.createUpload(
                bucket: bucket.id, key: key, attributes: attributes, checksumAlgorithm: checksumAlgorithm,
                checksumKind: checksumKind)
        }
    }

    /// An open upload.
    /// - Throws: `noSuchUpload`.
    public func upload(bucket: Bucket, key: String, id: String) async throws(ObjectStoreError) -> MultipartUpload {
        try await read { session in
            guard let row = try session.uploads.upload(bucket: bucket.id, key: Array(key.utf8), id: id) else {
                throw ObjectStoreError.noSuchUpload
            }
            return row.upload(key: key)
        }
    }

    /// Uploads a part, in the place of an earlier one of its number.
    /// - Parameters:
    ///   - number: 1...10,000, which the caller sees to.
    ///   - finish: as for ``put(bucket:key:condition:checksums:body:finish:)``; gives the part's ETag and checksum.
    /// - Throws: what `body` and `finish` throw, as it is; `noSuchUpload`, `noSuchBucket`, `diskFull`.
    public func putPart(
        bucket: Bucket, key: String, uploadID: String, number: Int, checksums: Set<ChecksumAlgorithm>, body: ByteStream,
        finish: @Sendable (ReceivedBody) throws -> (etag: String, checksum: StoredChecksum?)
    ) async throws -> UploadedPart {
        let received = try await ingest.receive(body, checksums: checksums)
        return try await keepPart(received, bucket, key, uploadID, number, finish)
    }

    /// Uploads a part with the bytes of a version, or a range of them; else as
    /// ``putPart(bucket:key:uploadID:number:checksums:body:finish:)``.
    /// - Parameters:
    ///   - source: no delete marker.
    ///   - range: within its size.
    public func copyPart(
        from source: ObjectVersion, in sourceBucket: Bucket, range: Range<Int64>?, bucket: Bucket, key: String,
        uploadID: String, number: Int, checksums: Set<ChecksumAlgorithm>,
        finish: @Sendable (ReceivedBody) throws -> (etag: String, checksum: StoredChecksum?)
    ) async throws -> UploadedPart {
        let received = try await receive(source, range: range, checksums: checksums)
        return try await keepPart(received, bucket, key, uploadID, number, finish)
    }

    private func keepPart(
        _ received: Ingest.Received, _ bucket: Bucket, _ key: String, _ uploadID: String, _ number: Int,
        _ finish: (ReceivedBody) throws -> (etag: String, checksum: StoredChecksum?)
    ) async throws -> UploadedPart {
        let key = Array(key.utf8)
        return try await keep(received, finish) { finished, content in
            guard let (sequence, _) = OrderedIdentifier.decode(uploadID) else { throw ObjectStoreError.noSuchUpload }
            let size = received.body.size
            let bodies = Self.bodies(of: content, bucket: bucket.id, key: key, sequence: sequence, part: number)
            return try await self.write(bodies: bodies) { transaction, appended in
                try transaction.putPart(
                    bucket: bucket.id, key: key, uploadID: uploadID, number: number, size: size, etag: finished.etag,
                    checksum: finished.checksum, piece: Self.piece(content, appended),
                    recordLength: appended.first?.recordLength ?? 0)
            }
        }
    }

    /// The parts of an open upload by number.
    /// - Parameter after: only numbers greater than it.
    /// - Throws: `noSuchUpload`.
    public func parts(
        bucket: Bucket, key: String, uploadID: String, after: Int = 0, limit: Int
    ) async throws(ObjectStoreError) -> [UploadedPart] {
        try await read { session in
            try session.database.snapshot {
                guard let row = try session.uploads.upload(bucket: bucket.id, key: Array(key.utf8), id: uploadID) else {
                    throw ObjectStoreError.noSuchUpload
                }
                return try session.uploads.parts(upload: row.sequence, after: after, limit: limit).map(\.part)
            }
        }
    }

    /// Makes an object of the parts that are listed; the others are dropped. No byte is copied.
    ///
    /// Called again with the same list after it has succeeded it gives the same version, as long as that is there.
    /// - Parameters:
    ///   - parts: in ascending order; the ETags without quotes; a checksum where the caller wants it to be compared.
    ///   - minimumPartSize: of each but the last.
    ///   - finish: gives what is to be kept with the object, or throws to refuse. Called within the transaction, with
    ///     the writer waiting: it must not take long.
    /// - Throws: what `finish` throws, as it is; else ``ObjectStoreError``: `noSuchBucket`, `noSuchUpload`,
    ///   `invalidPartOrder`, `invalidPart`, `partTooSmall`, `preconditionFailed`, `noSuchKey` for `ifMatch` where
    ///   nothing is there.
    public func completeUpload(
        bucket: Bucket, key: String, uploadID: String,
        parts: [(number: Int, etag: String, checksum: StoredChecksum?)], minimumPartSize: Int64,
        condition: WriteCondition, finish: @escaping @Sendable ([UploadedPart]) throws -> ObjectAttributes
    ) async throws -> ObjectVersion {
        let completion = Completion(
            parts: parts, minimumPartSize: minimumPartSize, condition: condition,
            attributes: { parts in
                do { return try finish(parts) } catch { throw Refusal(cause: error) }
            })
        let key = Array(key.utf8)
        do {
            return try await writer.write { transaction, _ in
                try transaction.completeUpload(bucket: bucket.id, key: key, uploadID: uploadID, completion)
            }
        } catch let refusal as Refusal {
            throw refusal.cause
        } catch {
            throw ObjectStoreError(error)
        }
    }

    /// The caller's own error on its way through the writer.
    private struct Refusal: Error {
        let cause: any Error
    }

    /// Gives up an upload with all its parts.
    /// - Throws: `noSuchUpload`, `noSuchBucket`.
    public func abortUpload(bucket: Bucket, key: String, id: String) async throws(ObjectStoreError) {
        let key = Array(key.utf8)
        try await write { transaction, _ in
            try transaction.abortUpload(bucket: bucket.id, key: key, uploadID: id)
        }
    }
}
