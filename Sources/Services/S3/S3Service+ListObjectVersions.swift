import AWSModels
import AWSWire
import Ground
import ObjectStore

extension S3Service {
    public func listObjectVersions(_ input: S3.ListObjectVersionsRequest) async throws -> S3.ListObjectVersionsOutput {
        try await versionListing(input).output
    }

    /// Hands an operation to `call` as ``S3API/dispatch(_:_:)`` does, with version listings in the order of the wire.
    public func handle<Call: OperationCall>(_ operation: String, _ call: inout Call) async throws -> Bool {
        guard operation == S3.listObjectVersions.name else { return try await dispatch(operation, &call) }
        try await call.perform(S3.listObjectVersions) { (input: S3.ListObjectVersionsRequest) -> S3VersionListing in
            try await self.versionListing(input)
        }
        return true
    }

    private func versionListing(_ input: S3.ListObjectVersionsRequest) async throws -> S3VersionListing {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        let limit = try S3Listing.limit(input.maxKeys, argument: "max-keys")
        let encode = try S3Listing.encoder(input.encodingType)
        var query = ListQuery()
        query.prefix = input.prefix ?? ""
        query.delimiter = S3Listing.delimiter(input.delimiter)
        query.after = input.keyMarker.flatMap { $0.isEmpty ? nil : $0 }
        query.afterVersion = try versionMarker(input)
        query.limit = limit
        let page = limit == 0 ? ListPage() : try await versionPage(of: bucket, query)
        let owner = Self.owner(of: bucket.account)
        let output = S3.ListObjectVersionsOutput(
            isTruncated: page.isTruncated, keyMarker: encode(input.keyMarker ?? ""),
            versionIdMarker: input.versionIdMarker ?? "",
            nextKeyMarker: page.isTruncated ? page.next.map(encode) : nil,
            nextVersionIdMarker: page.isTruncated ? page.nextVersion?.text : nil,
            versions: page.entries.filter { !$0.isDeleteMarker }.map { Self.version($0, owner, encode) },
            deleteMarkers: page.entries.filter(\.isDeleteMarker).map { Self.deleteMarker($0, owner, encode) },
            name: bucket.name, prefix: encode(query.prefix), delimiter: query.delimiter.map(encode), maxKeys: limit,
            commonPrefixes: page.commonPrefixes.map { .init(prefix: encode($0)) }, encodingType: input.encodingType)
        return S3VersionListing(
            output: output, order: page.entries.map { $0.isDeleteMarker ? .deleteMarker : .version })
    }

    private func versionPage(of bucket: Bucket, _ query: ListQuery) async throws -> ListPage<ObjectVersion> {
        do {
            return try await store.listVersions(bucket: bucket, query: query)
        } catch {
            if case .malformedVersionID = error, let marker = query.afterVersion?.text {
                throw S3Failure.invalidArgument("Invalid version id specified", "version-id-marker", marker)
            }
            throw S3Failure.from(error, bucket: bucket.name, key: "", versionId: nil)
        }
    }

    private func versionMarker(_ input: S3.ListObjectVersionsRequest) throws(AWSError) -> VersionID? {
        guard let marker = input.versionIdMarker else { return nil }
        guard input.keyMarker?.isEmpty == false else {
            throw S3Failure.invalidArgument(
                "A version-id marker cannot be specified without a key marker.", "version-id-marker", marker)
        }
        guard !marker.isEmpty else {
            throw S3Failure.invalidArgument("A version-id marker cannot be empty.", "version-id-marker", marker)
        }
        return marker == "null" ? .null : .opaque(marker)
    }

    private static func version(
        _ version: ObjectVersion, _ owner: S3.Owner, _ encode: (String) -> String
    ) -> S3.ObjectVersion {
        let checksum = S3Listing.checksum(version.attributes)
        return .init(
            eTag: S3ETag.quoted(version.attributes.etag), checksumAlgorithm: checksum.algorithms,
            checksumType: checksum.type, size: Int(version.size),
            storageClass: .init(rawValue: version.attributes.storageClass), key: encode(version.key),
            versionId: version.id.text, isLatest: version.isCurrent, lastModified: version.lastModified, owner: owner)
    }

    private static func deleteMarker(
        _ marker: ObjectVersion, _ owner: S3.Owner, _ encode: (String) -> String
    ) -> S3.DeleteMarkerEntry {
        .init(
            owner: owner, key: encode(marker.key), versionId: marker.id.text, isLatest: marker.isCurrent,
            lastModified: marker.lastModified)
    }
}
