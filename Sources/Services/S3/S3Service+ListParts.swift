import AWSModels
import AWSWire
import Ground
import ObjectStore

extension S3Service {
    public func listParts(_ input: S3.ListPartsRequest) async throws -> S3.ListPartsOutput {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        let key = input.key ?? ""
        let limit = try S3Listing.limit(input.maxParts, argument: "max-parts")
        let marker = input.partNumberMarker ?? 0
        guard (0...Int(Int32.max)).contains(marker) else {
            throw S3Failure.invalidArgument(
                "Argument part-number-marker must be an integer between 0 and 2147483647", "part-number-marker",
                String(marker))
        }
        let upload = try await upload(bucket, key, input.uploadId)
        // One more than asked tells whether there is more.
        let found = try await mapped {
            try await store.parts(bucket: bucket, key: key, uploadID: upload.id, after: marker, limit: limit + 1)
        }
        let parts = found.prefix(limit)
        let owner = Self.owner(of: bucket.account)
        return .init(
            bucket: bucket.name, key: key, uploadId: upload.id, partNumberMarker: marker,
            nextPartNumberMarker: parts.last?.number ?? 0, maxParts: limit, isTruncated: found.count > limit,
            parts: parts.map { part in
                var shape = S3.Part(
                    partNumber: part.number, lastModified: part.lastModified, eTag: S3ETag.quoted(part.etag),
                    size: Int(part.size))
                shape.set(part.checksum)
                return shape
            },
            initiator: .init(id: owner.id, displayName: owner.displayName), owner: owner,
            storageClass: .init(rawValue: upload.attributes.storageClass),
            checksumAlgorithm: upload.checksumAlgorithm.map { .init(rawValue: $0.rawValue) },
            checksumType: upload.checksumKind.map { S3.ChecksumType($0) })
    }

    public func listMultipartUploads(
        _ input: S3.ListMultipartUploadsRequest
    ) async throws -> S3.ListMultipartUploadsOutput {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        let limit = try S3Listing.limit(input.maxUploads, argument: "max-uploads")
        let encode = try S3Listing.encoder(input.encodingType)
        var query = ListQuery()
        query.prefix = input.prefix ?? ""
        query.delimiter = S3Listing.delimiter(input.delimiter)
        query.after = input.keyMarker.flatMap { $0.isEmpty ? nil : $0 }
        query.limit = limit
        // Without a key marker the upload's is ignored (ListMultipartUploads, `upload-id-marker`).
        let uploadMarker = query.after == nil ? nil : input.uploadIdMarker.flatMap { $0.isEmpty ? nil : $0 }
        let page =
            limit == 0
            ? ListPage()
            : try await mapped { try await store.uploads(bucket: bucket, query: query, afterUpload: uploadMarker) }
        let owner = Self.owner(of: bucket.account)
        return .init(
            bucket: bucket.name, keyMarker: encode(input.keyMarker ?? ""), uploadIdMarker: input.uploadIdMarker ?? "",
            nextKeyMarker: page.isTruncated ? page.next.map(encode) : nil, prefix: encode(query.prefix),
            delimiter: query.delimiter.map(encode), nextUploadIdMarker: page.isTruncated ? page.nextUpload : nil,
            maxUploads: limit, isTruncated: page.isTruncated,
            uploads: page.entries.map { upload in
                .init(
                    uploadId: upload.id, key: encode(upload.key), initiated: upload.initiated,
                    storageClass: .init(rawValue: upload.attributes.storageClass), owner: owner,
                    initiator: .init(id: owner.id, displayName: owner.displayName),
                    checksumAlgorithm: upload.checksumAlgorithm.map { .init(rawValue: $0.rawValue) },
                    checksumType: upload.checksumKind.map { S3.ChecksumType($0) })
            },
            commonPrefixes: page.commonPrefixes.map { .init(prefix: encode($0)) }, encodingType: input.encodingType)
    }
}
