import AWSWire
import ObjectStore

/// S3's errors with S3's own words (S3 API Reference, "Error responses").
enum S3Failure {
    static func accessDenied(_ message: String = "Access Denied") -> AWSError {
        AWSError("AccessDenied", message, status: 403)
    }

    static func noSuchBucket(_ name: String) -> AWSError {
        AWSError(
            "NoSuchBucket", "The specified bucket does not exist", status: 404, details: [("BucketName", name)])
    }

    static func noSuchKey(_ key: String) -> AWSError {
        AWSError("NoSuchKey", "The specified key does not exist.", status: 404, details: [("Key", key)])
    }

    static func noSuchVersion(_ key: String, _ versionId: String) -> AWSError {
        AWSError(
            "NoSuchVersion", "The specified version does not exist.", status: 404,
            details: [("Key", key), ("VersionId", versionId)])
    }

    static func noSuchUpload(_ uploadId: String?) -> AWSError {
        AWSError(
            "NoSuchUpload",
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
                + "completed.",
            status: 404, details: uploadId.map { [("UploadId", $0)] } ?? [])
    }

    static func invalidArgument(_ message: String, _ name: String, _ value: String) -> AWSError {
        AWSError("InvalidArgument", message, details: [("ArgumentName", name), ("ArgumentValue", value)])
    }

    static func invalidRequest(_ message: String) -> AWSError { AWSError("InvalidRequest", message) }

    static func malformedXML() -> AWSError {
        AWSError(
            "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
    }

    static func preconditionFailed(_ condition: String) -> AWSError {
        AWSError(
            "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", status: 412,
            details: [("Condition", condition)])
    }

    /// A header whose meaning is not written yet. Refused by its name, since to ignore it would be to promise it.
    static func notImplemented(header: String) -> AWSError {
        AWSError(
            "NotImplemented", "A header you provided implies functionality that is not implemented", status: 501,
            details: [("Header", header)])
    }

    static func badDigest(_ what: String) -> AWSError {
        AWSError("BadDigest", "The \(what) you specified did not match the calculated checksum.")
    }

    static func entityTooLarge(size: Int64?, limit: Int64) -> AWSError {
        AWSError(
            "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size",
            details: (size.map { [("ProposedSize", String($0))] } ?? []) + [("MaxSizeAllowed", String(limit))])
    }

    static func from(_ error: ObjectStoreError, bucket: String, key: String, versionId: String?) -> AWSError {
        switch error {
        case .bucketExists:
            AWSError(
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
                    + "Please select a different name and try again.",
                status: 409, details: [("BucketName", bucket)])
        case .noSuchBucket: noSuchBucket(bucket)
        case .bucketNotEmpty:
            AWSError(
                "BucketNotEmpty", "The bucket you tried to delete is not empty", status: 409,
                details: [("BucketName", bucket)])
        case .noSuchKey: noSuchKey(key)
        case .noSuchVersion: noSuchVersion(key, versionId ?? "")
        case .noSuchUpload: noSuchUpload(nil)
        case .malformedVersionID:
            invalidArgument("Invalid version id specified", "versionId", versionId ?? "")
        case .preconditionFailed: preconditionFailed("If-Match")
        case .invalidPart(let number):
            AWSError(
                "InvalidPart",
                "One or more of the specified parts could not be found.  The part may not have been uploaded, or the "
                    + "specified entity tag may not match the part's entity tag.",
                details: [("PartNumber", String(number))])
        case .invalidPartOrder:
            AWSError(
                "InvalidPartOrder",
                "The list of parts was not in ascending order. Parts must be ordered by part number.")
        case .partTooSmall(let number, let size, let minimum, let etag):
            AWSError(
                "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size",
                details: [
                    ("ETag", etag), ("MinSizeAllowed", String(minimum)), ("ProposedSize", String(size)),
                    ("PartNumber", String(number)),
                ])
        case .diskFull:
            AWSError(
                "InsufficientStorage", "No space is left for the object on this machine's disk. Nothing was stored.",
                status: 507)
        case .unreadable(let what):
            AWSError("InternalError", "The stored bytes can't be read: \(what)", status: 500)
        case .failed(let what):
            AWSError("InternalError", "We encountered an internal error: \(what)", status: 500)
        case .closed:
            AWSError("ServiceUnavailable", "The server is shutting down.", status: 503)
        }
    }
}
