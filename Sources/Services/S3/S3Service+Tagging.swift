import AWSModels
import AWSWire
import Ground
import ObjectStore

extension S3Service {
    static let taggingConfiguration = "tagging"

    public func putBucketTagging(_ input: S3.PutBucketTaggingRequest) async throws -> S3.PutBucketTaggingResponse {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        let tags = try S3Tags.parse(input.tagging?.tagSet, limit: S3Limits.bucketTags, of: "Bucket")
        try await mapped {
            try await store.setConfiguration(
                bucket: bucket, name: Self.taggingConfiguration, value: S3Tags.encode(tags))
        }
        return .init()
    }

    public func getBucketTagging(_ input: S3.GetBucketTaggingRequest) async throws -> S3.GetBucketTaggingOutput {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        let value = try await mapped { try await store.configuration(bucket: bucket, name: Self.taggingConfiguration) }
        guard let value else {
            throw AWSError(
                "NoSuchTagSet", "The TagSet does not exist", status: 404, details: [("BucketName", bucket.name)])
        }
        return .init(tagSet: S3Tags.shapes(S3Tags.decode(value)))
    }

    public func deleteBucketTagging(
        _ input: S3.DeleteBucketTaggingRequest
    ) async throws -> S3.DeleteBucketTaggingResponse {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        try await mapped {
            try await store.setConfiguration(bucket: bucket, name: Self.taggingConfiguration, value: nil)
        }
        return .init()
    }

    public func putObjectTagging(_ input: S3.PutObjectTaggingRequest) async throws -> S3.PutObjectTaggingOutput {
        let tags = try S3Tags.parse(input.tagging?.tagSet, limit: S3Limits.objectTags, of: "Object")
        let version = try await setTags(
            tags, bucket: input.bucket, key: input.key, versionId: input.versionId,
            expectedOwner: input.expectedBucketOwner)
        return .init(versionId: version)
    }

    public func deleteObjectTagging(
        _ input: S3.DeleteObjectTaggingRequest
    ) async throws -> S3.DeleteObjectTaggingOutput {
        let version = try await setTags(
            [], bucket: input.bucket, key: input.key, versionId: input.versionId,
            expectedOwner: input.expectedBucketOwner)
        return .init(versionId: version)
    }

    public func getObjectTagging(_ input: S3.GetObjectTaggingRequest) async throws -> S3.GetObjectTaggingOutput {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        let key = input.key ?? ""
        let selector = try selector(input.versionId)
        let version = try await mapped(key: key, versionId: input.versionId) {
            try await store.version(bucket: bucket, key: key, selector)
        }
        guard !version.isDeleteMarker else { throw S3Failure.deleteMarker(version, asked: selector) }
        return .init(
            versionId: Self.toldVersionID(version.id, in: bucket), tagSet: S3Tags.shapes(version.attributes.tags))
    }

    /// Puts a version's tags in place of those it has; the version id to tell.
    private func setTags(
        _ tags: [Attribute], bucket: String?, key: String?, versionId: String?, expectedOwner: String?
    ) async throws -> String? {
        let bucket = try await self.bucket(bucket, expectedOwner: expectedOwner)
        let key = key ?? ""
        let selector = try selector(versionId)
        let version = try await mapped(key: key, versionId: versionId) {
            let version = try await store.version(bucket: bucket, key: key, selector)
            guard !version.isDeleteMarker else { throw S3Failure.deleteMarker(version, asked: selector) }
            return try await store.setTags(bucket: bucket, key: key, .version(version.id), tags)
        }
        return Self.toldVersionID(version.id, in: bucket)
    }
}
