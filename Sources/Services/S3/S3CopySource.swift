import AWSModels
import AWSWire
import Ground
import ObjectStore

/// `x-amz-copy-source`: `/bucket/key?versionId=id`, URL-encoded, with or without the first slash.
struct S3CopySource {
    let bucket: String
    let key: String
    let versionId: String?

    /// - Throws: InvalidArgument for what has no bucket and key.
    init(_ header: String?) throws(AWSError) {
        let header = header ?? ""
        func invalid() -> AWSError {
            S3Failure.invalidArgument(
                "Copy Source must mention the source bucket and key: sourcebucket/sourcekey", "x-amz-copy-source",
                header)
        }
        var path = Substring(header)
        var version: String?
        // A key may hold a `?` of its own, encoded or not; only this one is the store's.
        if let mark = header.range(ofLast: "?versionId=") {
            path = header[..<mark.lowerBound]
            version = PercentEncoding.decode(header[mark.upperBound...])
            guard version != nil else { throw invalid() }
        }
        guard let decoded = PercentEncoding.decode(path) else { throw invalid() }
        let trimmed = decoded.first == "/" ? decoded.dropFirst() : decoded[...]
        guard let slash = trimmed.firstIndex(of: "/"), slash != trimmed.startIndex else { throw invalid() }
        bucket = String(trimmed[..<slash])
        key = String(trimmed[trimmed.index(after: slash)...])
        versionId = version
        guard !key.isEmpty else { throw invalid() }
        guard key.utf8.count <= S3Limits.keyBytes else { throw AWSError("KeyTooLongError", "Your key is too long") }
        guard !bucket.hasPrefix("arn:") else {
            throw S3Failure.notImplemented(header: "x-amz-copy-source: access point")
        }
    }
}

extension String {
    fileprivate func range(ofLast needle: String) -> Range<String.Index>? {
        var end = endIndex
        while end > startIndex {
            let start = index(before: end)
            if self[start...].hasPrefix(needle), let upper = index(start, offsetBy: needle.count, limitedBy: endIndex) {
                return start..<upper
            }
            end = start
        }
        return nil
    }
}

/// The source's conditions of a copy.
protocol CopyRequest {
    var copySource: String? { get }
    var copySourceIfMatch: String? { get }
    var copySourceIfModifiedSince: Timestamp? { get }
    var copySourceIfNoneMatch: String? { get }
    var copySourceIfUnmodifiedSince: Timestamp? { get }
    var copySourceSSECustomerAlgorithm: String? { get }
    var expectedSourceBucketOwner: String? { get }
}

extension S3.CopyObjectRequest: CopyRequest {}
extension S3.UploadPartCopyRequest: CopyRequest {}

extension S3Service {
    /// The version that a copy reads, once the caller may read it and its conditions hold.
    func source(
        of request: some CopyRequest
    ) async throws -> (name: S3CopySource, bucket: Bucket, version: ObjectVersion) {
        let name = try S3CopySource(request.copySource)
        if request.copySourceSSECustomerAlgorithm != nil {
            throw S3Failure.notImplemented(header: "x-amz-copy-source-server-side-encryption-customer-algorithm")
        }
        let bucket = try await bucket(name.bucket, expectedOwner: request.expectedSourceBucketOwner)
        let selector = try selector(name.versionId)
        let version = try await mapped(key: name.key, versionId: name.versionId) {
            try await store.version(bucket: bucket, key: name.key, selector)
        }
        guard !version.isDeleteMarker else {
            if case .version = selector {
                throw S3Failure.invalidRequest(
                    "The source of a copy request may not specifically refer to a delete marker by version id.")
            }
            throw S3Failure.noSuchKey(name.key)
        }
        let conditions = ReadConditions(
            ifMatch: request.copySourceIfMatch, ifNoneMatch: request.copySourceIfNoneMatch,
            ifModifiedSince: request.copySourceIfModifiedSince,
            ifUnmodifiedSince: request.copySourceIfUnmodifiedSince)
        switch conditions.verdict(on: version) {
        case .holds: break
        case .failed(let condition): throw S3Failure.preconditionFailed("x-amz-copy-source-\(condition)")
        case .notModified:
            throw S3Failure.preconditionFailed(
                request.copySourceIfNoneMatch != nil
                    ? "x-amz-copy-source-If-None-Match" : "x-amz-copy-source-If-Modified-Since")
        }
        if let archived = S3.StorageClass.archived(version.attributes.storageClass) {
            throw AWSError(
                "InvalidObjectState", "Operation is not valid for the source object's storage class", status: 403,
                details: [("StorageClass", archived.rawValue)])
        }
        return (name, bucket, version)
    }
}
