import AWSModels
import AWSWire
import Ground
import ObjectStore

/// What PutObject, CopyObject and CreateMultipartUpload have in common: the headers that become an object's attributes.
protocol ObjectWriteRequest {
    var acl: S3.ObjectCannedACL? { get }
    var cacheControl: String? { get }
    var contentDisposition: String? { get }
    var contentEncoding: String? { get }
    var contentLanguage: String? { get }
    var contentType: String? { get }
    var expires: String? { get }
    var grantFullControl: String? { get }
    var grantRead: String? { get }
    var grantReadACP: String? { get }
    var grantWriteACP: String? { get }
    var metadata: [String: String]? { get }
    var serverSideEncryption: S3.ServerSideEncryption? { get }
    var storageClass: S3.StorageClass? { get }
    var websiteRedirectLocation: String? { get }
    var sseCustomerAlgorithm: String? { get }
    var sseCustomerKey: String? { get }
    var sseCustomerKeyMD5: String? { get }
    var ssekmsKeyId: String? { get }
    var tagging: String? { get }
    var objectLockMode: S3.ObjectLockMode? { get }
    var objectLockRetainUntilDate: Timestamp? { get }
    var objectLockLegalHoldStatus: S3.ObjectLockLegalHoldStatus? { get }
}

extension S3.PutObjectRequest: ObjectWriteRequest {}
extension S3.CopyObjectRequest: ObjectWriteRequest {}
extension S3.CreateMultipartUploadRequest: ObjectWriteRequest {}

/// Limits of S3 (S3 User Guide, "Uploading objects", "Working with object metadata").
enum S3Limits {
    /// Largest body of one PUT, largest part, and largest source of one CopyObject.
    static let singleUpload: Int64 = 5 << 30
    static let minimumPart: Int64 = 5 << 20
    static let partNumbers = 1...10_000
    static let keyBytes = 1024
    /// Sum of the bytes of all names and values.
    static let userMetadata = 2048
    static let objectTags = 10
    static let bucketTags = 50
    static let listing = 1000
    static let deletedKeys = 1000
}

extension ObjectWriteRequest {
    /// The attributes that the headers give: all but ETag and checksum, which come from the bytes.
    func attributes() throws(AWSError) -> ObjectAttributes {
        try refuseWhatIsNotWritten()
        var attributes = ObjectAttributes()
        attributes.contentType = contentType.flatMap { $0.isEmpty ? nil : $0 } ?? "binary/octet-stream"
        attributes.headers = try systemHeaders()
        attributes.metadata = try userMetadata()
        attributes.storageClass = try validStorageClass() ?? S3.StorageClass.standard.rawValue
        if let tagging { attributes.tags = try S3Tags.parse(header: tagging) }
        return attributes
    }

    func validStorageClass() throws(AWSError) -> String? {
        guard let storageClass else { return nil }
        let known: [S3.StorageClass] = [
            .standard, .reducedRedundancy, .standardIa, .onezoneIa, .intelligentTiering, .glacier, .deepArchive,
            .glacierIr,
        ]
        guard known.contains(storageClass) else {
            throw AWSError(
                "InvalidStorageClass", "The storage class you specified is not valid",
                details: [("StorageClassRequested", storageClass.rawValue)])
        }
        return storageClass.rawValue
    }

    private func systemHeaders() throws(AWSError) -> [Attribute] {
        if let redirect = websiteRedirectLocation {
            guard redirect.hasPrefix("/") || redirect.hasPrefix("http://") || redirect.hasPrefix("https://") else {
                throw AWSError(
                    "InvalidRedirectLocation",
                    "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.")
            }
        }
        // The framing of the upload is no property of the object.
        let encoding = contentEncoding.map {
            $0.split(separator: ",").map { $0.filter { $0 != " " } }.filter { $0.lowercased() != "aws-chunked" }
                .joined(separator: ",")
        }
        let fields: [(String, String?)] = [
            ("Cache-Control", cacheControl), ("Content-Disposition", contentDisposition),
            ("Content-Encoding", encoding.flatMap { $0.isEmpty ? nil : $0 }), ("Content-Language", contentLanguage),
            ("Expires", expires), ("x-amz-website-redirect-location", websiteRedirectLocation),
        ]
        return fields.compactMap { name, value in value.map { Attribute(name, $0) } }
    }

    private func userMetadata() throws(AWSError) -> [Attribute] {
        guard let metadata, !metadata.isEmpty else { return [] }
        let size = metadata.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        guard size <= S3Limits.userMetadata else {
            throw AWSError(
                "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size",
                details: [("Size", String(size)), ("MaxSizeAllowed", String(S3Limits.userMetadata))])
        }
        return metadata.map { Attribute($0.key.lowercased(), $0.value) }.sorted { $0.name < $1.name }
    }

    /// Buckets own their objects here (BucketOwnerEnforced), and keep them under keys of S3's own (SSE-S3).
    private func refuseWhatIsNotWritten() throws(AWSError) {
        if let acl, acl != .bucketOwnerFullControl { throw S3AccessControl.notSupported() }
        for grant in [grantFullControl, grantRead, grantReadACP, grantWriteACP] where grant != nil {
            throw S3AccessControl.notSupported()
        }
        if let encryption = serverSideEncryption, encryption != .aes256 {
            guard S3.ServerSideEncryption.allValues.contains(encryption.rawValue) else {
                throw S3Failure.invalidArgument(
                    "The encryption method specified is not supported", "x-amz-server-side-encryption",
                    encryption.rawValue)
            }
            throw S3Failure.notImplemented(header: "x-amz-server-side-encryption: \(encryption.rawValue)")
        }
        if ssekmsKeyId != nil {
            throw S3Failure.notImplemented(header: "x-amz-server-side-encryption-aws-kms-key-id")
        }
        if sseCustomerAlgorithm != nil || sseCustomerKey != nil || sseCustomerKeyMD5 != nil {
            throw S3Failure.notImplemented(header: "x-amz-server-side-encryption-customer-algorithm")
        }
        if objectLockMode != nil || objectLockRetainUntilDate != nil || objectLockLegalHoldStatus != nil {
            throw S3Failure.invalidRequest("Bucket is missing Object Lock Configuration")
        }
    }
}

enum S3AccessControl {
    static func notSupported() -> AWSError {
        AWSError("AccessControlListNotSupported", "The bucket does not allow ACLs")
    }
}

extension WriteCondition {
    /// `If-None-Match: *` and `If-Match` of a write.
    /// - Throws: NotImplemented for an `If-None-Match` that names an ETag, as S3.
    init(ifMatch: String?, ifNoneMatch: String?) throws(AWSError) {
        switch (ifMatch, ifNoneMatch) {
        case (nil, nil): self = .none
        case (let etag?, nil): self = .ifMatch(S3ETag.bare(etag))
        case (nil, "*"?): self = .ifAbsent
        default: throw S3Failure.notImplemented(header: "If-None-Match")
        }
    }

    /// The header that did not hold.
    var header: String { self == .ifAbsent ? "If-None-Match" : "If-Match" }
}
