import AWSModels
import AWSWire
import Ground
import ObjectStore

extension S3Service {
    public func listObjects(_ input: S3.ListObjectsRequest) async throws -> S3.ListObjectsOutput {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        let limit = try S3Listing.limit(input.maxKeys, argument: "max-keys")
        let encode = try S3Listing.encoder(input.encodingType)
        var query = ListQuery()
        query.prefix = input.prefix ?? ""
        query.delimiter = S3Listing.delimiter(input.delimiter)
        query.after = input.marker.flatMap { $0.isEmpty ? nil : $0 }
        query.limit = limit
        let page = try await page(of: bucket, query)
        let owner = Self.owner(of: bucket.account)
        return .init(
            isTruncated: page.isTruncated, marker: encode(input.marker ?? ""),
            // Without a delimiter the last key is the marker (ListObjects, NextMarker).
            nextMarker: page.isTruncated && query.delimiter != nil ? page.next.map(encode) : nil,
            contents: page.entries.map { Self.object($0, owner: owner, encode) }, name: bucket.name,
            prefix: encode(query.prefix), delimiter: query.delimiter.map(encode), maxKeys: limit,
            commonPrefixes: page.commonPrefixes.map { .init(prefix: encode($0)) }, encodingType: input.encodingType)
    }

    public func listObjectsV2(_ input: S3.ListObjectsV2Request) async throws -> S3.ListObjectsV2Output {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        let limit = try S3Listing.limit(input.maxKeys, argument: "max-keys")
        let encode = try S3Listing.encoder(input.encodingType)
        var query = ListQuery()
        query.prefix = input.prefix ?? ""
        query.delimiter = S3Listing.delimiter(input.delimiter)
        query.limit = limit
        if let token = input.continuationToken {
            query.after = try S3Listing.decode(token: token, argument: "continuation token")
        } else {
            query.after = input.startAfter.flatMap { $0.isEmpty ? nil : $0 }
        }
        let page = try await page(of: bucket, query)
        let owner = input.fetchOwner == true ? Self.owner(of: bucket.account) : nil
        return .init(
            isTruncated: page.isTruncated, contents: page.entries.map { Self.object($0, owner: owner, encode) },
            name: bucket.name, prefix: encode(query.prefix), delimiter: query.delimiter.map(encode), maxKeys: limit,
            commonPrefixes: page.commonPrefixes.map { .init(prefix: encode($0)) }, encodingType: input.encodingType,
            keyCount: page.entries.count + page.commonPrefixes.count, continuationToken: input.continuationToken,
            nextContinuationToken: page.isTruncated ? page.next.map(S3Listing.encode(token:)) : nil,
            startAfter: input.startAfter.map(encode))
    }

    private func page(of bucket: Bucket, _ query: ListQuery) async throws -> ListPage<ObjectVersion> {
        guard query.limit > 0 else { return ListPage() }
        return try await mapped { try await store.list(bucket: bucket, query: query) }
    }

    private static func object(
        _ version: ObjectVersion, owner: S3.Owner?, _ encode: (String) -> String
    ) -> S3.Object {
        let checksum = S3Listing.checksum(version.attributes)
        return .init(
            key: encode(version.key), lastModified: version.lastModified, eTag: S3ETag.quoted(version.attributes.etag),
            checksumAlgorithm: checksum.algorithms, checksumType: checksum.type, size: Int(version.size),
            storageClass: .init(rawValue: version.attributes.storageClass), owner: owner)
    }
}
