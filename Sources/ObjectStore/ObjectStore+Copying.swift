import Ground
import NIOCore

extension ObjectStore {
    /// Writes the bytes of a version under another key, or the same; else as
    /// ``put(bucket:key:condition:checksums:body:finish:)``.
    ///
    /// No byte is written where the source is a file of its own, and none is read either where the digests are known.
    /// - Parameter source: no delete marker.
    /// - Throws: as `put`; `noSuchVersion` where the source has been removed meanwhile.
    public func copy(
        from source: ObjectVersion, in sourceBucket: Bucket, to bucket: Bucket, key: String, condition: WriteCondition,
        checksums: Set<ChecksumAlgorithm>, finish: @Sendable (ReceivedBody) throws -> ObjectAttributes
    ) async throws -> ObjectVersion {
        let received = try await receive(source, range: nil, checksums: checksums)
        return try await keep(received, finish) { attributes, content in
            try await self.putVersion(bucket, key, condition, attributes, received.body.size, content)
        }
    }

    /// The bytes of a version as a new body, which shares its file where possible.
    func receive(
        _ source: ObjectVersion, range: Range<Int64>?, checksums: Set<ChecksumAlgorithm>
    ) async throws -> Ingest.Received {
        if range == nil || range == 0..<source.size, let linked = try await link(source) {
            let content = Ingest.Received.Content.blob(linked.id, linked.file)
            do {
                if let known = Self.knownDigests(of: source, checksums) {
                    return Ingest.Received(body: known, content: content)
                }
                let digests = try await ingest.digest(linked.file, size: source.size, checksums: checksums)
                return Ingest.Received(body: digests, content: content)
            } catch {
                await ingest.discard(content)
                throw error
            }
        }
        return try await ingest.receive(try await self.content(of: source, range: range), checksums: checksums)
    }

    /// A second name for the file of a version that is one file.
    private func link(_ source: ObjectVersion) async throws(ObjectStoreError) -> (id: BlobID, file: OpenFile)? {
        guard case .single(.blob(let id)) = source.content.layout else { return nil }
        let files = files
        do {
            return try await ingest.threads.run {
                guard let linked = try files.linkBlob(id) else { return nil }
                do {
                    return (linked, try files.openBlob(linked))
                } catch {
                    files.discard(linked)
                    throw error
                }
            }
        } catch let error as SystemError where error.isMissing {
            // Removed, or lost: reading it tells which.
            return nil
        } catch {
            throw ObjectStoreError(error)
        }
    }

    /// The digests of a version's bytes, where what is kept with it has all of them.
    private static func knownDigests(of source: ObjectVersion, _ wanted: Set<ChecksumAlgorithm>) -> ReceivedBody? {
        // The ETag of an object that is one file is its MD5.
        guard let md5 = Hex.decode(source.attributes.etag), md5.count == 16 else { return nil }
        var known: [ChecksumAlgorithm: [UInt8]] = [:]
        if let checksum = source.attributes.checksum, checksum.kind == .fullObject {
            known[checksum.algorithm] = Base64.decode(checksum.value)
        }
        guard wanted.allSatisfy({ known[$0] != nil }) else { return nil }
        return ReceivedBody(size: source.size, md5: md5, checksums: known, trailers: [])
    }
}
