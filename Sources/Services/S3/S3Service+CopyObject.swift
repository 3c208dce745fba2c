import AWSModels
import AWSWire
import Ground
import ObjectStore

extension S3Service {
    public func copyObject(_ input: S3.CopyObjectRequest) async throws -> S3.CopyObjectOutput {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        let key = input.key ?? ""
        let condition = try WriteCondition(ifMatch: input.ifMatch, ifNoneMatch: input.ifNoneMatch)
        let (name, sourceBucket, source) = try await source(of: input)
        guard source.size <= S3Limits.singleUpload else {
            throw S3Failure.invalidRequest(
                "The specified copy source is larger than the maximum allowable size for a copy source: "
                    + "\(S3Limits.singleUpload)")
        }
        let attributes = try copiedAttributes(of: source, input)
        try refuseCopyOntoItself(name, source, bucket: bucket, key: key, input)
        let algorithm =
            try ChecksumAlgorithm(named: input.checksumAlgorithm?.rawValue) ?? source.attributes.checksum?.algorithm
            ?? .crc64nvme
        let version = try await conditionally(condition, key: key) {
            try await store.copy(
                from: source, in: sourceBucket, to: bucket, key: key, condition: condition, checksums: [algorithm]
            ) { received in
                var attributes = attributes
                attributes.etag = Hex.encode(received.md5)
                attributes.checksum = StoredChecksum(
                    algorithm: algorithm, value: Base64.encode(received.checksums[algorithm] ?? []))
                return attributes
            }
        }
        var result = S3.CopyObjectResult(
            eTag: S3ETag.quoted(version.attributes.etag), lastModified: version.lastModified)
        result.set(typed: version.attributes.checksum)
        return .init(
            copyObjectResult: result, copySourceVersionId: Self.toldVersionID(source.id, in: sourceBucket),
            versionId: Self.toldVersionID(version.id, in: bucket), serverSideEncryption: .aes256)
    }

    /// Metadata and tags as the two directives say: the source's, or those of the request. The class is always the
    /// request's (CopyObject, `x-amz-storage-class`).
    private func copiedAttributes(
        of source: ObjectVersion, _ input: S3.CopyObjectRequest
    ) throws(AWSError) -> ObjectAttributes {
        let given = try input.attributes()
        var attributes = given
        switch input.metadataDirective ?? .copy {
        case .copy:
            attributes.contentType = source.attributes.contentType
            // The redirect is no metadata: it is the request's, or none.
            attributes.headers =
                source.attributes.headers.filter { $0.name != "x-amz-website-redirect-location" }
                + given.headers.filter { $0.name == "x-amz-website-redirect-location" }
            attributes.metadata = source.attributes.metadata
        case .replace: break
        default:
            throw S3Failure.invalidArgument(
                "Unknown metadata directive.", "x-amz-metadata-directive", input.metadataDirective?.rawValue ?? "")
        }
        switch input.taggingDirective ?? .copy {
        case .copy: attributes.tags = source.attributes.tags
        case .replace: break
        default:
            throw S3Failure.invalidArgument(
                "Unknown tagging directive.", "x-amz-tagging-directive", input.taggingDirective?.rawValue ?? "")
        }
        return attributes
    }

    /// A copy onto itself must ask for something, be it what the object has already; an older version copied onto its key
    /// is a restore, and does.
    private func refuseCopyOntoItself(
        _ name: S3CopySource, _ source: ObjectVersion, bucket: Bucket, key: String, _ input: S3.CopyObjectRequest
    ) throws(AWSError) {
        // Keys are bytes: two that Swift takes for equal can be two (an accent composed, or not).
        guard name.bucket == bucket.name, name.key.utf8.elementsEqual(key.utf8),
            name.versionId == nil || source.isCurrent
        else { return }
        let changes =
            input.metadataDirective == .replace || input.taggingDirective == .replace
            || input.websiteRedirectLocation != nil || input.serverSideEncryption != nil
            || input.checksumAlgorithm != nil || input.storageClass != nil
        guard !changes else { return }
        throw S3Failure.invalidRequest(
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
                + "metadata, storage class, website redirect location or encryption attributes.")
    }
}
