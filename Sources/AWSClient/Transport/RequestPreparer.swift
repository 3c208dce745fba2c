import AWSWire
import Ground
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A request with all but its signature: what stays the same over its attempts.
struct PreparedRequest: Sendable {
    /// The body, and how its signature covers it.
    enum Payload: Sendable {
        /// Signed by its hash.
        case hashed(ByteBuffer, sha256: String)
        /// Read while it is sent, so that no signature covers it.
        case unsigned(ByteStream)
        /// The same in `aws-chunked` framing, with a checksum behind it.
        case trailingChecksum(ByteStream, ChecksumAlgorithm)
    }

    var method: HTTPMethod
    var endpoint: Endpoint
    var target: String
    var headers: HTTPHeaders
    var payload: Payload
    let signingRegion: String
    private let isConsumed: BodyUse

    init(
        method: HTTPMethod, endpoint: Endpoint, target: String, headers: HTTPHeaders, payload: Payload,
        signingRegion: String
    ) {
        self.method = method
        self.endpoint = endpoint
        self.target = target
        self.headers = headers
        self.signingRegion = signingRegion
        let use = BodyUse()
        isConsumed = use
        switch payload {
        case .hashed: self.payload = payload
        case .unsigned(let body): self.payload = .unsigned(use.watching(body))
        case .trailingChecksum(let body, let algorithm): self.payload = .trailingChecksum(use.watching(body), algorithm)
        }
    }

    /// Whether another attempt has the whole body: what is in memory or in files can be read again, a producer cannot
    /// once it has been asked.
    var canBeSentAgain: Bool { !isConsumed.value }

    /// The body as it goes over the wire.
    var wireBody: ByteStream {
        switch payload {
        case .hashed(let buffer, _): ByteStream(buffer)
        case .unsigned(let body): body
        case .trailingChecksum(let body, let algorithm): TrailingChecksumBody.framing(body, algorithm)
        }
    }

    /// `x-amz-content-sha256`, which S3 wants of every request.
    var contentSHA256: String {
        switch payload {
        case .hashed(_, let sha256): sha256
        case .unsigned: "UNSIGNED-PAYLOAD"
        case .trailingChecksum: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        }
    }
}

/// Whether a producer of bytes has been asked for any.
private final class BodyUse: Sendable {
    private let used = Atomic(false)

    var value: Bool { used.load(ordering: .acquiring) }

    func watching(_ body: ByteStream) -> ByteStream {
        guard case .pull(let next) = body.source else { return body }
        return ByteStream(length: body.length) {
            self.used.store(true, ordering: .releasing)
            return try await next()
        }
    }
}

/// Makes requests of operations: encoded, addressed, with S3's checksums.
struct RequestPreparer: Sendable {
    let addressing: BucketAddressing
    let checksums: ChecksumModes
    let userAgent: String

    /// Bodies from this length on are hashed on a thread of their own.
    private static let offloadedLength = 64 << 10

    /// - Throws: what ``ClientCodec`` throws for an input that has no form on the wire.
    func prepare<Input: Shape>(
        _ operation: OperationSchema, _ input: Input, for target: EndpointResolver.Target
    ) async throws -> PreparedRequest {
        let encoded = try ClientCodec.encode(operation, input)
        let (endpoint, path) = addressing.apply(
            to: encoded.target, endpoint: target.endpoint, isCustom: target.isCustom, operation: operation)
        var headers = encoded.headers
        headers.replaceOrAdd(name: "host", value: endpoint.authority)
        headers.replaceOrAdd(name: "user-agent", value: userAgent)
        let payload = try await payload(of: encoded.body, operation, &headers)
        return PreparedRequest(
            method: encoded.method, endpoint: endpoint, target: endpoint.path + path, headers: headers,
            payload: payload, signingRegion: target.signingRegion)
    }

    private func payload(
        of body: ByteStream, _ operation: OperationSchema, _ headers: inout HTTPHeaders
    ) async throws -> PreparedRequest.Payload {
        let isS3 = operation.service.name == "s3"
        if isS3 { addCreationDefaults(operation, &headers) }
        let algorithm = isS3 ? try requestChecksum(operation, &headers) : nil
        if case .buffer(let buffer) = body.source {
            let (checksum, sha256) = try await Self.digests(of: buffer, algorithm)
            if let algorithm, let checksum { headers.add(name: algorithm.headerName, value: checksum) }
            return .hashed(buffer, sha256: sha256)
        }
        guard let algorithm else {
            guard body.length != nil || !isS3 else {
                throw ConfigurationError("\(operation.name): a body without a known length needs a checksum")
            }
            return .unsigned(body)
        }
        guard let length = body.length else {
            throw ConfigurationError("\(operation.name): S3 takes only bodies whose length is known")
        }
        headers.add(name: "x-amz-trailer", value: algorithm.headerName)
        headers.replaceOrAdd(name: "x-amz-decoded-content-length", value: String(length))
        let encodings = headers[canonicalForm: "content-encoding"].map(String.init) + ["aws-chunked"]
        headers.replaceOrAdd(name: "content-encoding", value: encodings.joined(separator: ","))
        return .trailingChecksum(body, algorithm)
    }

    /// The checksum that is to be added: the algorithm that the input names, or CRC32 where there is none yet.
    /// - Throws: ``ConfigurationError`` where the input names one that we cannot compute.
    private func requestChecksum(
        _ operation: OperationSchema, _ headers: inout HTTPHeaders
    ) throws -> ChecksumAlgorithm? {
        let named = headers.first(name: "x-amz-sdk-checksum-algorithm")
        let isWanted =
            operation.requestChecksumRequired || named != nil
            || checksums.calculatesOptional && operation.checksumAlgorithmMember != nil
        let isThere = headers.contains {
            let name = $0.name.lowercased()
            return name == "content-md5" || name.hasPrefix("x-amz-checksum-") && !Self.settings.contains(name)
        }
        guard isWanted, !isThere else { return nil }
        guard let algorithm = named.map(ChecksumAlgorithm.init(rawValue:)) ?? .crc32 else {
            throw ConfigurationError("\(operation.name): the checksum algorithm is not supported")
        }
        if named == nil, operation.checksumAlgorithmMember != nil {
            headers.add(name: "x-amz-sdk-checksum-algorithm", value: algorithm.rawValue)
        }
        return algorithm
    }

    /// Headers that look like a checksum's and are none.
    private static let settings: Set = ["x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-type"]

    /// What SDKs ask of S3 unasked: that answers carry their checksum, and that an upload's parts may have CRC32.
    private func addCreationDefaults(_ operation: OperationSchema, _ headers: inout HTTPHeaders) {
        if checksums.validates, operation.input.indexByHeader["x-amz-checksum-mode"] != nil,
            !headers.contains(name: "x-amz-checksum-mode")
        {
            headers.add(name: "x-amz-checksum-mode", value: "ENABLED")
        }
        if checksums.calculatesOptional, operation.name == "CreateMultipartUpload",
            !headers.contains(name: "x-amz-checksum-algorithm")
        {
            headers.add(name: "x-amz-checksum-algorithm", value: ChecksumAlgorithm.crc32.rawValue)
        }
    }

    private static func digests(
        of buffer: ByteBuffer, _ algorithm: ChecksumAlgorithm?
    ) async throws -> (checksum: String?, sha256: String) {
        @Sendable func compute() -> (String?, String) {
            (
                algorithm.map { Base64.encode(ChecksumHasher.checksum($0, of: buffer)) },
                Hex.encode(ChecksumHasher.checksum(.sha256, of: buffer))
            )
        }
        guard buffer.readableBytes >= offloadedLength else { return compute() }
        return try await NIOThreadPool.singleton.runIfActive { compute() }
    }
}
