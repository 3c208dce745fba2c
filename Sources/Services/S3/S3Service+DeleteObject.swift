import AWSModels
import AWSWire
import Ground
import ObjectStore

extension S3Service {
    public func deleteObject(_ input: S3.DeleteObjectRequest) async throws -> S3.DeleteObjectOutput {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        if input.mfa != nil { throw S3Failure.notImplemented(header: "x-amz-mfa") }
        if input.ifMatchSize != nil { throw S3Failure.notImplemented(header: "x-amz-if-match-size") }
        if input.ifMatchLastModifiedTime != nil {
            throw S3Failure.notImplemented(header: "x-amz-if-match-last-modified-time")
        }
        let key = input.key ?? ""
        let condition = try WriteCondition(ifMatch: input.ifMatch, ifNoneMatch: nil)
        let selector = try selector(input.versionId)
        let result = try await mapped(key: key, versionId: input.versionId) {
            try await store.delete(bucket: bucket, key: key, selector, condition: condition)
        }
        return .init(deleteMarker: result.isDeleteMarker ? true : nil, versionId: result.versionID?.text)
    }

    public func deleteObjects(_ input: S3.DeleteObjectsRequest) async throws -> S3.DeleteObjectsOutput {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        if input.mfa != nil { throw S3Failure.notImplemented(header: "x-amz-mfa") }
        guard let objects = input.delete?.objects, (1...S3Limits.deletedKeys).contains(objects.count) else {
            throw S3Failure.malformedXML()
        }
        // What is refused before it reaches the store is told in the order of the request, among the rest.
        var outcomes: [Result<DeleteResult, AWSError>?] = []
        var accepted: [(key: String, selector: VersionSelector)] = []
        for object in objects {
            do {
                accepted.append(try acceptable(object))
                outcomes.append(nil)
            } catch {
                outcomes.append(.failure(error))
            }
        }
        let results = try await mapped { try await store.deleteMany(bucket: bucket, accepted) }
        var next = results.makeIterator()
        var output = S3.DeleteObjectsOutput(deleted: [], errors: [])
        for (object, outcome) in zip(objects, outcomes) {
            let outcome =
                outcome
                ?? next.next().map { result in
                    result.mapError {
                        S3Failure.from($0, bucket: bucket.name, key: object.key ?? "", versionId: object.versionId)
                    }
                }
            switch outcome {
            case .success(let result): output.deleted?.append(Self.deleted(object, result))
            case .failure(let error):
                output.errors?.append(
                    .init(key: object.key, versionId: object.versionId, code: error.code, message: error.message))
            case nil: break
            }
        }
        if input.delete?.quiet == true { output.deleted = nil }
        return output
    }

    private func acceptable(
        _ object: S3.ObjectIdentifier
    ) throws(AWSError) -> (key: String, selector: VersionSelector) {
        guard let key = object.key, !key.isEmpty else {
            throw AWSError("UserKeyMustBeSpecified", "The bucket POST must contain the specified field name.")
        }
        guard key.utf8.count <= S3Limits.keyBytes else {
            throw AWSError("KeyTooLongError", "Your key is too long")
        }
        if object.eTag != nil || object.size != nil || object.lastModifiedTime != nil {
            throw S3Failure.notImplemented(header: "conditions of single keys")
        }
        return (key, try selector(object.versionId.flatMap { $0.isEmpty ? nil : $0 }))
    }

    private static func deleted(_ object: S3.ObjectIdentifier, _ result: DeleteResult) -> S3.DeletedObject {
        var deleted = S3.DeletedObject(key: object.key, versionId: object.versionId)
        if result.isDeleteMarker {
            deleted.deleteMarker = true
            deleted.deleteMarkerVersionId = result.versionID?.text
        }
        return deleted
    }
}
