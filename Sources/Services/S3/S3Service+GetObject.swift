import AWSModels
import AWSWire
import Ground
import NIOHTTP1
import ObjectStore

/// What GetObject and HeadObject ask alike.
private protocol ObjectReadRequest {
    var bucket: String? { get }
    var key: String? { get }
    var ifMatch: String? { get }
    var ifModifiedSince: Timestamp? { get }
    var ifNoneMatch: String? { get }
    var ifUnmodifiedSince: Timestamp? { get }
    var range: String? { get }
    var responseCacheControl: String? { get }
    var responseContentDisposition: String? { get }
    var responseContentEncoding: String? { get }
    var responseContentLanguage: String? { get }
    var responseContentType: String? { get }
    var responseExpires: Timestamp? { get }
    var versionId: String? { get }
    var sseCustomerAlgorithm: String? { get }
    var partNumber: Int? { get }
    var expectedBucketOwner: String? { get }
    var checksumMode: S3.ChecksumMode? { get }
}

/// What GetObject and HeadObject answer alike.
private protocol ObjectReadOutput: TypedChecksumMembers {
    var acceptRanges: String? { get set }
    var lastModified: Timestamp? { get set }
    var contentLength: Int? { get set }
    var eTag: String? { get set }
    var versionId: String? { get set }
    var cacheControl: String? { get set }
    var contentDisposition: String? { get set }
    var contentEncoding: String? { get set }
    var contentLanguage: String? { get set }
    var contentType: String? { get set }
    var contentRange: String? { get set }
    var expires: String? { get set }
    var websiteRedirectLocation: String? { get set }
    var serverSideEncryption: S3.ServerSideEncryption? { get set }
    var metadata: [String: String]? { get set }
    var storageClass: S3.StorageClass? { get set }
    var partsCount: Int? { get set }
    var tagCount: Int? { get set }
}

extension S3.GetObjectRequest: ObjectReadRequest {}
extension S3.HeadObjectRequest: ObjectReadRequest {}
extension S3.GetObjectOutput: ObjectReadOutput {}
extension S3.HeadObjectOutput: ObjectReadOutput {}

extension S3Service {
    public func getObject(_ input: S3.GetObjectRequest) async throws -> S3.GetObjectOutput {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        let key = input.key ?? ""
        let selector = try selector(input.versionId)
        // The current version can be written over between its look-up and the opening of its bytes; then the one that
        // came in its place is the answer.
        for _ in 0..<Self.readAttempts {
            if let output = try await attempt(input, bucket, key, selector) { return output }
        }
        throw AWSError("SlowDown", "Please reduce your request rate.", status: 503)
    }

    private static var readAttempts: Int { 8 }

    /// - Returns: `nil` where the current version went away meanwhile.
    private func attempt(
        _ input: S3.GetObjectRequest, _ bucket: Bucket, _ key: String, _ selector: VersionSelector
    ) async throws -> S3.GetObjectOutput? {
        let (version, content) = try await mapped(key: key, versionId: input.versionId) {
            try await store.read(bucket: bucket, key: key, selector)
        }
        var output = S3.GetObjectOutput()
        let range = try describe(version, of: bucket, asked: selector, input, in: &output)
        if let archived = S3.StorageClass.archived(version.attributes.storageClass) {
            throw AWSError(
                "InvalidObjectState", "The operation is not valid for the object's storage class", status: 403,
                details: [("StorageClass", archived.rawValue)])
        }
        if let content, range == nil || range == 0..<version.size {
            output.body = content
            return output
        }
        do {
            output.body = try await store.content(of: version, range: range)
            return output
        } catch {
            if case .noSuchVersion = error, selector == .current { return nil }
            throw S3Failure.from(error, bucket: bucket.name, key: key, versionId: input.versionId)
        }
    }

    public func headObject(_ input: S3.HeadObjectRequest) async throws -> S3.HeadObjectOutput {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        let key = input.key ?? ""
        let selector = try selector(input.versionId)
        let version = try await mapped(key: key, versionId: input.versionId) {
            try await store.version(bucket: bucket, key: key, selector)
        }
        var output = S3.HeadObjectOutput()
        _ = try describe(version, of: bucket, asked: selector, input, in: &output)
        return output
    }

    /// Looks at the conditions and fills in what the headers tell of a version; the range that is asked for, if any.
    private func describe(
        _ version: ObjectVersion, of bucket: Bucket, asked selector: VersionSelector, _ input: some ObjectReadRequest,
        in output: inout some ObjectReadOutput
    ) throws(AWSError) -> Range<Int64>? {
        guard !version.isDeleteMarker else { throw S3Failure.deleteMarker(version, asked: selector) }
        if input.sseCustomerAlgorithm != nil {
            throw S3Failure.invalidRequest(
                "The encryption parameters are not applicable to this object.")
        }
        let attributes = version.attributes
        output.versionId = Self.toldVersionID(version.id, in: bucket)
        try check(
            ReadConditions(
                ifMatch: input.ifMatch, ifNoneMatch: input.ifNoneMatch, ifModifiedSince: input.ifModifiedSince,
                ifUnmodifiedSince: input.ifUnmodifiedSince),
            on: version, versionId: output.versionId)
        let range = try Self.range(of: version, input.range, partNumber: input.partNumber)
        output.acceptRanges = "bytes"
        output.lastModified = version.lastModified
        output.eTag = S3ETag.quoted(attributes.etag)
        output.serverSideEncryption = .aes256
        output.contentLength = Int(range.map { $0.upperBound - $0.lowerBound } ?? version.size)
        // A range that a part number means can be empty, and then has no form on the wire.
        if let range, !range.isEmpty { output.contentRange = S3Range.contentRange(range, of: version.size) }
        if input.partNumber != nil, !version.parts.isEmpty { output.partsCount = version.parts.count }
        if !attributes.tags.isEmpty { output.tagCount = attributes.tags.count }
        if attributes.storageClass != S3.StorageClass.standard.rawValue {
            output.storageClass = S3.StorageClass(rawValue: attributes.storageClass)
        }
        fillSystemHeaders(attributes, in: &output)
        output.metadata = Dictionary(attributes.metadata.map { ($0.name, $0.value) }) { first, _ in first }
        if input.checksumMode == .enabled {
            if let part = input.partNumber, let stored = version.parts.first(where: { $0.number == part }) {
                output.set(stored.checksum)
                output.checksumType = attributes.checksum.map { S3.ChecksumType($0.kind) }
            } else if range == nil || range == 0..<version.size {
                output.set(typed: attributes.checksum)
            }
        }
        override(&output, with: input)
        return range
    }

    private func fillSystemHeaders(_ attributes: ObjectAttributes, in output: inout some ObjectReadOutput) {
        output.contentType = attributes.contentType
        for header in attributes.headers {
            switch header.name {
            case "Cache-Control": output.cacheControl = header.value
            case "Content-Disposition": output.contentDisposition = header.value
            case "Content-Encoding": output.contentEncoding = header.value
            case "Content-Language": output.contentLanguage = header.value
            case "Expires": output.expires = header.value
            default: output.websiteRedirectLocation = header.value
            }
        }
    }

    private func override(_ output: inout some ObjectReadOutput, with input: some ObjectReadRequest) {
        if let value = input.responseCacheControl { output.cacheControl = value }
        if let value = input.responseContentDisposition { output.contentDisposition = value }
        if let value = input.responseContentEncoding { output.contentEncoding = value }
        if let value = input.responseContentLanguage { output.contentLanguage = value }
        if let value = input.responseContentType { output.contentType = value }
        if let value = input.responseExpires { output.expires = value.httpDate }
    }

    private func check(_ conditions: ReadConditions, on version: ObjectVersion, versionId: String?) throws(AWSError) {
        switch conditions.verdict(on: version) {
        case .holds: return
        case .failed(let condition): throw S3Failure.preconditionFailed(condition)
        case .notModified:
            var headers: HTTPHeaders = [
                "ETag": S3ETag.quoted(version.attributes.etag), "Last-Modified": version.lastModified.httpDate,
            ]
            for header in version.attributes.headers where ["Cache-Control", "Expires"].contains(header.name) {
                headers.add(name: header.name, value: header.value)
            }
            if let versionId { headers.add(name: "x-amz-version-id", value: versionId) }
            throw AWSError("NotModified", "Not Modified", status: 304, headers: headers)
        }
    }

    /// The bytes that a Range header or a part number asks for.
    private static func range(
        of version: ObjectVersion, _ header: String?, partNumber: Int?
    ) throws(AWSError) -> Range<Int64>? {
        guard let partNumber else {
            return try header.flatMap { (header) throws(AWSError) in try S3Range.parse(header, size: version.size) }
        }
        guard header == nil else {
            throw S3Failure.invalidRequest("Cannot specify both Range header and partNumber query parameter")
        }
        guard S3Limits.partNumbers.contains(partNumber) else { throw invalidPartNumber(partNumber) }
        if version.parts.isEmpty, partNumber == 1 { return 0..<version.size }
        guard let index = version.parts.firstIndex(where: { $0.number == partNumber }) else {
            throw AWSError(
                "InvalidPartNumber", "The requested partnumber is not satisfiable", status: 416,
                details: [
                    ("PartNumberRequested", String(partNumber)),
                    ("ActualPartCount", String(max(1, version.parts.count))),
                ])
        }
        let start = version.parts[..<index].reduce(0) { $0 + $1.size }
        return start..<(start + version.parts[index].size)
    }

    static func invalidPartNumber(_ number: Int?) -> AWSError {
        S3Failure.invalidArgument(
            "Part number must be an integer between 1 and 10000, inclusive", "partNumber", number.map(String.init) ?? ""
        )
    }
}

extension S3Failure {
    /// What S3 answers where a delete marker is met: 404 for the key, 405 for the marker by its id.
    static func deleteMarker(_ marker: ObjectVersion, asked selector: VersionSelector) -> AWSError {
        var error: AWSError
        if case .version = selector {
            error = AWSError(
                "MethodNotAllowed", "The specified method is not allowed against this resource.", status: 405,
                details: [("Method", "GET"), ("ResourceType", "DeleteMarker")])
            error.headers.add(name: "Allow", value: "DELETE")
            error.headers.add(name: "Last-Modified", value: marker.lastModified.httpDate)
        } else {
            error = noSuchKey(marker.key)
        }
        error.headers.add(name: "x-amz-delete-marker", value: "true")
        error.headers.add(name: "x-amz-version-id", value: marker.id.text)
        return error
    }
}

extension S3.StorageClass {
    /// The class, where objects in it must be restored before they can be read.
    static func archived(_ name: String) -> S3.StorageClass? {
        let storageClass = S3.StorageClass(rawValue: name)
        return storageClass == .glacier || storageClass == .deepArchive ? storageClass : nil
    }
}
