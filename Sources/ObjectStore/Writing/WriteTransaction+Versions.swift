import Ground

/// A version that is to be written.
struct NewVersion: Sendable {
    var key: [UInt8]
    var attributes: ObjectAttributes
    var size: Int64
    var content: ContentColumn
    var parts: [(part: ObjectPart, piece: Piece)] = []
}

extension WriteTransaction {
    /// Looks at a condition against the newest version of a key.
    /// - Throws: ``ObjectStoreError``: `preconditionFailed`, or `noSuchKey` where an ETag is asked for and nothing is
    ///   there.
    func check(_ condition: WriteCondition, bucket: Int64, key: [UInt8]) throws {
        if condition == .none { return }
        let current = try versions.brief(bucket: bucket, key: key).flatMap { $0.isDeleteMarker ? nil : $0 }
        try Self.check(condition, etag: current?.etag)
    }

    /// - Parameter etag: of the object that is there.
    static func check(_ condition: WriteCondition, etag: String?) throws {
        switch condition {
        case .none: break
        case .ifAbsent:
            if etag != nil { throw ObjectStoreError.preconditionFailed }
        case .ifMatch(let wanted):
            guard let etag else { throw ObjectStoreError.noSuchKey }
            if wanted != "*", wanted != etag { throw ObjectStoreError.preconditionFailed }
        }
    }

    /// Writes a version as the bucket's versioning wants it: beside the others, or in the null version's place.
    /// - Parameters:
    ///   - sequence: of an upload, whose place in the order was given when it was initiated.
    ///   - modified: defaults to now.
    ///   - appended: the body, where it is in a segment.
    func put(
        bucket id: Int64, _ version: NewVersion, condition: WriteCondition, sequence: Int64?,
        modified: Timestamp? = nil,
        appended: AppendedBody? = nil
    ) throws -> ObjectVersion {
        let bucket = try bucket(id)
        try check(condition, bucket: id, key: version.key)
        let replaced = bucket.versioning == .enabled ? nil : try versions.null(bucket: id, key: version.key)
        if let replaced { try remove(replaced, bucket: id, key: version.key) }
        let row = VersionRow(
            sequence: sequence ?? appended?.sequence ?? newSequence(),
            token: bucket.versioning == .enabled ? .random() : nil, isDeleteMarker: false,
            modified: modified ?? clock.now, size: version.size, attributes: version.attributes,
            content: version.content, parts: version.parts)
        try insert(row, bucket: id, key: version.key)
        if case .single(let piece) = version.content { try retain(piece, recordLength: appended?.recordLength ?? 0) }
        // Only a version whose place was given before can be an older one.
        let isCurrent =
            sequence == nil || bucket.versioning == .neverSet
            ? true : try versions.newestSequence(bucket: id, key: version.key) == row.sequence
        return row.version(bucket: id, key: String(decoding: version.key, as: UTF8.self), isCurrent: isCurrent)
    }

    private func insert(_ row: VersionRow, bucket: Int64, key: [UInt8]) throws {
        let statement = try database.statement(
            """
            INSERT INTO versions
                (bucket, key, sequence, token, marker, modified, size, attributes, tags, content, parts)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            """)
        statement.bind(1, bucket).bind(2, key).bind(3, row.sequence).bind(4, row.token?.bytes)
        statement.bind(5, row.isDeleteMarker ? 1 : 0).bind(6, row.modified.milliseconds).bind(7, row.size)
        statement.bind(8, row.isDeleteMarker ? [] : AttributesColumn.encode(row.attributes))
        statement.bind(9, TagsColumn.encode(row.attributes.tags)).bind(10, row.content.encoded)
        statement.bind(11, row.parts.isEmpty ? nil : PartsColumn.encode(row.parts))
        try statement.run()
    }

    private func remove(_ row: VersionRow, bucket: Int64, key: [UInt8]) throws {
        try database.statement("DELETE FROM versions WHERE bucket = ?1 AND key = ?2 AND sequence = ?3")
            .bind(1, bucket).bind(2, key).bind(3, row.sequence).run()
        switch row.content {
        case .single(let piece): try release(piece, recordLength: Self.recordLength(key: key, size: row.size))
        case .completed:
            for (part, piece) in row.parts {
                try release(piece, recordLength: Self.recordLength(key: key, size: part.size))
            }
        }
    }

    /// Deletes a key or one of its versions.
    func delete(
        bucket id: Int64, key: [UInt8], _ selector: VersionSelector, condition: WriteCondition
    ) throws -> DeleteResult {
        let bucket = try bucket(id)
        switch selector {
        case .version(let version):
            let row = try versions.row(bucket: id, key: key, id: version)
            try Self.check(condition, etag: row.flatMap { $0.isDeleteMarker ? nil : $0.attributes.etag })
            if let row { try remove(row, bucket: id, key: key) }
            return DeleteResult(versionID: version, isDeleteMarker: row?.isDeleteMarker ?? false)
        case .current:
            try check(condition, bucket: id, key: key)
            let replaced = bucket.versioning == .enabled ? nil : try versions.null(bucket: id, key: key)
            if let replaced { try remove(replaced, bucket: id, key: key) }
            guard bucket.versioning != .neverSet else { return DeleteResult(versionID: nil, isDeleteMarker: false) }
            let marker = VersionRow(
                sequence: newSequence(), token: bucket.versioning == .enabled ? .random() : nil, isDeleteMarker: true,
                modified: clock.now, size: 0, attributes: ObjectAttributes(), content: .single(.none), parts: [])
            try insert(marker, bucket: id, key: key)
            return DeleteResult(versionID: marker.id, isDeleteMarker: true)
        }
    }

    /// - Throws: ``ObjectStoreError``; `noSuchKey` for a delete marker.
    func setTags(
        bucket id: Int64, key: [UInt8], _ selector: VersionSelector, _ tags: [Attribute]
    ) throws -> ObjectVersion {
        _ = try bucket(id)
        var (row, isCurrent) = try versions.select(bucket: id, key: key, selector)
        guard !row.isDeleteMarker else { throw ObjectStoreError.noSuchKey }
        row.attributes.tags = tags
        try database.statement("UPDATE versions SET tags = ?4 WHERE bucket = ?1 AND key = ?2 AND sequence = ?3")
            .bind(1, id).bind(2, key).bind(3, row.sequence).bind(4, TagsColumn.encode(tags)).run()
        return row.version(bucket: id, key: String(decoding: key, as: UTF8.self), isCurrent: isCurrent)
    }

    /// Points the row of `owner` to the copy of its record, unless it points elsewhere by now or is gone.
    func relocate(_ owner: SegmentRecord.Owner, from old: Piece, to new: Piece, recordLength: Int64) throws {
        if let row = try versions.row(bucket: owner.bucket, key: owner.key, sequence: owner.sequence) {
            let (content, parts) = (row.content, row.parts)
            if owner.part == 0 {
                guard content == .single(old) else { return }
                try database.statement(
                    "UPDATE versions SET content = ?4 WHERE bucket = ?1 AND key = ?2 AND sequence = ?3"
                )
                .bind(1, owner.bucket).bind(2, owner.key).bind(3, owner.sequence)
                .bind(4, ContentColumn.single(new).encoded).run()
            } else {
                guard let index = parts.firstIndex(where: { $0.part.number == owner.part && $0.piece == old }) else {
                    return
                }
                var parts = parts
                parts[index].piece = new
                try database.statement(
                    "UPDATE versions SET parts = ?4 WHERE bucket = ?1 AND key = ?2 AND sequence = ?3"
                )
                .bind(1, owner.bucket).bind(2, owner.key).bind(3, owner.sequence)
                .bind(4, PartsColumn.encode(parts)).run()
            }
        } else {
            guard owner.part > 0, try uploads.part(upload: owner.sequence, number: owner.part)?.piece == old else {
                return
            }
            try database.statement("UPDATE parts SET piece = ?3 WHERE upload = ?1 AND number = ?2")
                .bind(1, owner.sequence).bind(2, Int64(owner.part)).bind(3, ContentColumn.single(new).encoded).run()
        }
        try release(old, recordLength: recordLength)
        try retain(new, recordLength: recordLength)
    }
}
