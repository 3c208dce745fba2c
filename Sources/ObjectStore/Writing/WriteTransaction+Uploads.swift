import Crypto
import Ground

/// What completes an upload.
struct Completion: Sendable {
    var parts: [(number: Int, etag: String, checksum: StoredChecksum?)]
    var minimumPartSize: Int64
    var condition: WriteCondition
    var attributes: @Sendable ([UploadedPart]) throws -> ObjectAttributes

    /// Tells one list of parts from another.
    var listDigest: Token {
        var hash = SHA256()
        for part in parts {
            hash.update(data: Array("\(part.number) \(part.etag) \(part.checksum?.value ?? "-")\n".utf8))
        }
        let digest = Array(hash.finalize())
        return digest.withUnsafeBytes { Token(bytes: UnsafeRawBufferPointer(rebasing: $0.prefix(16))) }
            ?? Token(high: 0, low: 0)
    }
}

extension WriteTransaction {
    /// The order number is given here, so that of two uploads the one that was initiated later makes the newer version.
    func createUpload(
        bucket id: Int64, key: [UInt8], attributes: ObjectAttributes, checksumAlgorithm: ChecksumAlgorithm?,
        checksumKind: StoredChecksum.Kind?
    ) throws -> MultipartUpload {
        _ = try bucket(id)
        let row = UploadRow(
            sequence: newSequence(), token: .random(), initiated: clock.now, attributes: attributes,
            checksumAlgorithm: checksumAlgorithm, checksumKind: checksumKind)
        let statement = try database.statement(
            """
            INSERT INTO uploads (bucket, key, sequence, token, initiated, attributes, tags, algorithm, kind)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            """)
        statement.bind(1, id).bind(2, key).bind(3, row.sequence).bind(4, row.token.bytes)
        statement.bind(5, row.initiated.milliseconds).bind(6, AttributesColumn.encode(attributes))
        statement.bind(7, TagsColumn.encode(attributes.tags))
        if let checksumAlgorithm { statement.bind(8, checksumAlgorithm.rawValue) } else { statement.bindNull(8) }
        statement.bind(9, checksumKind.map { Int64($0.rawValue) })
        try statement.run()
        return row.upload(key: String(decoding: key, as: UTF8.self))
    }

    func upload(bucket id: Int64, key: [UInt8], uploadID: String) throws -> UploadRow {
        guard let upload = try uploads.upload(bucket: id, key: key, id: uploadID) else {
            throw ObjectStoreError.noSuchUpload
        }
        return upload
    }

    /// Keeps a part, in the place of an earlier one of its number.
    func putPart(
        bucket id: Int64, key: [UInt8], uploadID: String, number: Int, size: Int64, etag: String,
        checksum: StoredChecksum?, piece: Piece, recordLength: Int64
    ) throws -> UploadedPart {
        _ = try bucket(id)
        let upload = try upload(bucket: id, key: key, uploadID: uploadID)
        if let replaced = try uploads.part(upload: upload.sequence, number: number) {
            try release(replaced.piece, recordLength: Self.recordLength(key: key, size: replaced.part.size))
        }
        let part = UploadedPart(number: number, size: size, etag: etag, lastModified: clock.now, checksum: checksum)
        try database.statement(
            """
            INSERT OR REPLACE INTO parts (upload, number, size, etag, modified, checksum, piece)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """
        ).bind(1, upload.sequence).bind(2, Int64(number)).bind(3, size).bind(4, etag)
            .bind(5, part.lastModified.milliseconds).bind(6, ChecksumColumn.encode(checksum))
            .bind(7, ContentColumn.single(piece).encoded).run()
        try retain(piece, recordLength: recordLength)
        return part
    }

    /// Makes a version of an upload: its row lists the parts' pieces, no byte is copied.
    func completeUpload(
        bucket id: Int64, key: [UInt8], uploadID: String, _ completion: Completion
    ) throws -> ObjectVersion {
        _ = try bucket(id)
        guard let upload = try uploads.upload(bucket: id, key: key, id: uploadID) else {
            return try completedVersion(bucket: id, key: key, uploadID: uploadID, completion)
        }
        let chosen = try choose(completion, from: try uploads.parts(upload: upload.sequence))
        try check(completion.condition, bucket: id, key: key)
        let attributes = try completion.attributes(chosen.map(\.part))
        let parts = chosen.map { row in
            (ObjectPart(number: row.part.number, size: row.part.size, checksum: row.part.checksum), row.piece)
        }
        try removeUpload(bucket: id, key: key, sequence: upload.sequence, keeping: Set(chosen.map(\.part.number)))
        let version = NewVersion(
            key: key, attributes: attributes, size: chosen.reduce(0) { $0 + $1.part.size },
            content: .completed(upload: upload.token, list: completion.listDigest), parts: parts)
        return try put(
            bucket: id, version, condition: .none, sequence: upload.sequence, modified: upload.initiated)
    }

    /// The version that this upload was made into by the same list before.
    private func completedVersion(
        bucket: Int64, key: [UInt8], uploadID: String, _ completion: Completion
    ) throws -> ObjectVersion {
        guard let (sequence, token) = OrderedIdentifier.decode(uploadID),
            let row = try versions.row(bucket: bucket, key: key, sequence: sequence),
            row.content == .completed(upload: token, list: completion.listDigest)
        else { throw ObjectStoreError.noSuchUpload }
        let isCurrent = try versions.newestSequence(bucket: bucket, key: key) == row.sequence
        return row.version(bucket: bucket, key: String(decoding: key, as: UTF8.self), isCurrent: isCurrent)
    }

    /// The parts that a list names, in its order.
    private func choose(_ completion: Completion, from rows: [PartRow]) throws -> [PartRow] {
        let byNumber = Dictionary(rows.map { ($0.part.number, $0) }, uniquingKeysWith: { $1 })
        guard zip(completion.parts, completion.parts.dropFirst()).allSatisfy({ $0.number < $1.number }) else {
            throw ObjectStoreError.invalidPartOrder
        }
        let chosen = try completion.parts.map { wanted in
            guard let row = byNumber[wanted.number], row.part.etag == wanted.etag,
                wanted.checksum == nil || wanted.checksum == row.part.checksum
            else { throw ObjectStoreError.invalidPart(number: wanted.number) }
            return row
        }
        for row in chosen.dropLast() where row.part.size < completion.minimumPartSize {
            throw ObjectStoreError.partTooSmall(
                number: row.part.number, size: row.part.size, minimum: completion.minimumPartSize, etag: row.part.etag)
        }
        return chosen
    }

    func abortUpload(bucket id: Int64, key: [UInt8], uploadID: String) throws {
        _ = try bucket(id)
        let upload = try upload(bucket: id, key: key, uploadID: uploadID)
        try removeUpload(bucket: id, key: key, sequence: upload.sequence, keeping: [])
    }

    /// Removes an upload's rows, and the bytes of the parts that are not kept.
    func removeUpload(bucket: Int64, key: [UInt8], sequence: Int64, keeping kept: Set<Int>) throws {
        for row in try uploads.parts(upload: sequence) where !kept.contains(row.part.number) {
            try release(row.piece, recordLength: Self.recordLength(key: key, size: row.part.size))
        }
        try database.statement("DELETE FROM parts WHERE upload = ?1").bind(1, sequence).run()
        try database.statement("DELETE FROM uploads WHERE bucket = ?1 AND key = ?2 AND sequence = ?3")
            .bind(1, bucket).bind(2, key).bind(3, sequence).run()
    }
}
