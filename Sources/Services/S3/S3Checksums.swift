import AWSModels
import AWSWire
import Ground
import NIOHTTP1
import ObjectStore

/// A shape with S3's checksum members.
protocol ChecksumMembers {
    var checksumCRC32: String? { get set }
    var checksumCRC32C: String? { get set }
    var checksumCRC64NVME: String? { get set }
    var checksumSHA1: String? { get set }
    var checksumSHA256: String? { get set }
    var checksumSHA512: String? { get }
    var checksumMD5: String? { get }
    var checksumXXHASH64: String? { get }
    var checksumXXHASH3: String? { get }
    var checksumXXHASH128: String? { get }
}

/// A shape that tells as well whether its checksum is one of all bytes or of the parts' checksums.
protocol TypedChecksumMembers: ChecksumMembers {
    var checksumType: S3.ChecksumType? { get set }
}

extension S3.PutObjectRequest: ChecksumMembers {}
extension S3.PutObjectOutput: TypedChecksumMembers {}
extension S3.GetObjectOutput: TypedChecksumMembers {}
extension S3.HeadObjectOutput: TypedChecksumMembers {}
extension S3.CopyObjectResult: TypedChecksumMembers {}
extension S3.UploadPartRequest: ChecksumMembers {}
extension S3.UploadPartOutput: ChecksumMembers {}
extension S3.CopyPartResult: ChecksumMembers {}
extension S3.Part: ChecksumMembers {}
extension S3.CompletedPart: ChecksumMembers {}
extension S3.CompleteMultipartUploadRequest: ChecksumMembers {}
extension S3.CompleteMultipartUploadOutput: TypedChecksumMembers {}
extension S3.ObjectPart: ChecksumMembers {}
extension S3.Checksum: TypedChecksumMembers {}

extension ChecksumMembers {
    subscript(algorithm: ChecksumAlgorithm) -> String? {
        get {
            switch algorithm {
            case .crc32: checksumCRC32
            case .crc32c: checksumCRC32C
            case .crc64nvme: checksumCRC64NVME
            case .sha1: checksumSHA1
            case .sha256: checksumSHA256
            }
        }
        set {
            switch algorithm {
            case .crc32: checksumCRC32 = newValue
            case .crc32c: checksumCRC32C = newValue
            case .crc64nvme: checksumCRC64NVME = newValue
            case .sha1: checksumSHA1 = newValue
            case .sha256: checksumSHA256 = newValue
            }
        }
    }

    mutating func set(_ checksum: StoredChecksum?) {
        if let checksum { self[checksum.algorithm] = checksum.value }
    }

    /// The one checksum that was given.
    /// - Throws: InvalidRequest for two at once or a value of the wrong length; NotImplemented, by header name, for the
    ///   newer algorithms.
    func givenChecksum() throws(AWSError) -> (algorithm: ChecksumAlgorithm, value: String)? {
        let unsupported: [(String, String?)] = [
            ("x-amz-checksum-sha512", checksumSHA512), ("x-amz-checksum-md5", checksumMD5),
            ("x-amz-checksum-xxhash64", checksumXXHASH64), ("x-amz-checksum-xxhash3", checksumXXHASH3),
            ("x-amz-checksum-xxhash128", checksumXXHASH128),
        ]
        if let (header, _) = unsupported.first(where: { $0.1 != nil }) {
            throw S3Failure.notImplemented(header: header)
        }
        var given: (algorithm: ChecksumAlgorithm, value: String)?
        for algorithm in ChecksumAlgorithm.allCases {
            guard let value = self[algorithm] else { continue }
            guard given == nil else {
                throw S3Failure.invalidRequest(
                    "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
            }
            given = (algorithm, value)
        }
        return given
    }
}

extension TypedChecksumMembers {
    mutating func set(typed checksum: StoredChecksum?) {
        guard let checksum else { return }
        set(checksum)
        checksumType = S3.ChecksumType(checksum.kind)
    }
}

extension S3.ChecksumType {
    init(_ kind: StoredChecksum.Kind) { self = kind == .composite ? .composite : .fullObject }
}

extension ChecksumAlgorithm {
    /// What a request names as `x-amz-checksum-algorithm` or `x-amz-sdk-checksum-algorithm`.
    /// - Throws: InvalidRequest where it is none.
    init?(named name: String?) throws(AWSError) {
        guard let name else { return nil }
        guard let algorithm = ChecksumAlgorithm(rawValue: name.uppercased()) else {
            if S3.ChecksumAlgorithm.allValues.contains(name.uppercased()) {
                throw S3Failure.notImplemented(header: "x-amz-checksum-algorithm: \(name)")
            }
            throw S3Failure.invalidRequest(
                "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
                    + "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
        }
        self = algorithm
    }
}

/// The checksum that comes with a body, in a header or in a trailer behind it (S3 User Guide, "Checking object
/// integrity").
struct RequestChecksum: Sendable {
    private enum Source: Sendable {
        case header(String)
        case trailer
        /// The client sent none: S3 computes CRC64NVME and keeps that.
        case none
    }

    let algorithm: ChecksumAlgorithm
    private let source: Source

    /// - Throws: InvalidRequest, NotImplemented; see ``ChecksumMembers/givenChecksum()``.
    init(_ request: some ChecksumMembers, sdkAlgorithm: S3.ChecksumAlgorithm?, headers: HTTPHeaders) throws(AWSError) {
        let trailer = headers.first(name: "x-amz-trailer")?.lowercased()
        if let given = try request.givenChecksum() {
            guard trailer == nil else {
                throw S3Failure.invalidRequest(
                    "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
            }
            guard Base64.decode(given.value)?.count == given.algorithm.length else {
                throw S3Failure.invalidRequest("Value for \(given.algorithm.headerName) header is invalid.")
            }
            algorithm = given.algorithm
            source = .header(given.value)
        } else if let trailer {
            guard let named = ChecksumAlgorithm.allCases.first(where: { $0.headerName == trailer }) else {
                if trailer.hasPrefix("x-amz-checksum-") { throw S3Failure.notImplemented(header: trailer) }
                throw S3Failure.invalidRequest("The value specified in the x-amz-trailer header is not supported")
            }
            algorithm = named
            source = .trailer
        } else if let sdkAlgorithm {
            _ = try ChecksumAlgorithm(named: sdkAlgorithm.rawValue)
            throw S3Failure.invalidRequest(
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers "
                    + "were found.")
        } else {
            algorithm = .crc64nvme
            source = .none
        }
    }

    /// Whether the client gave the checksum itself.
    var isGiven: Bool { if case .none = source { false } else { true } }

    /// Compares with what came.
    /// - Throws: BadDigest where it differs; MalformedTrailerError where the announced trailer did not come.
    func verify(_ body: ReceivedBody) throws(AWSError) -> StoredChecksum {
        let computed = Base64.encode(body.checksums[algorithm] ?? [])
        switch source {
        case .none: break
        case .header(let value):
            guard value == computed else { throw S3Failure.badDigest(algorithm.rawValue) }
        case .trailer:
            guard let value = body.trailers.first(where: { $0.name == algorithm.headerName })?.value else {
                throw AWSError(
                    "MalformedTrailerError",
                    "The request contained trailing data that was not well-formed or did not conform to our published "
                        + "schema.")
            }
            guard Base64.decode(value)?.count == algorithm.length else {
                throw S3Failure.invalidRequest("Value for \(algorithm.headerName) trailing header is invalid.")
            }
            guard value == computed else { throw S3Failure.badDigest(algorithm.rawValue) }
        }
        return StoredChecksum(algorithm: algorithm, value: computed)
    }
}

/// `Content-MD5` (RFC 1864): the base64 of 16 bytes.
struct ContentMD5: Sendable {
    private let digest: [UInt8]?

    /// - Throws: InvalidDigest for what is no MD5.
    init(_ header: String?) throws(AWSError) {
        guard let header else {
            digest = nil
            return
        }
        guard let digest = Base64.decode(header), digest.count == 16 else {
            throw AWSError(
                "InvalidDigest", "The Content-MD5 you specified was invalid.", details: [("Content-MD5", header)])
        }
        self.digest = digest
    }

    /// - Throws: BadDigest.
    func verify(_ computed: [UInt8]) throws(AWSError) {
        guard let digest, digest != computed else { return }
        throw AWSError(
            "BadDigest", "The Content-MD5 you specified did not match what we received.",
            details: [("ExpectedDigest", Hex.encode(digest)), ("CalculatedDigest", Base64.encode(computed))])
    }
}
