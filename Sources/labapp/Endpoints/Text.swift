import AWSModels
import AWSWire
import Ground
import HTTPServer
import NIOCore

// Texts in the bucket.
extension App {
    /// `POST /text`: writes a text; on a versioned bucket, a version of it.
    func writeText(_ request: AppRequest) async throws -> HTTPServerResponse {
        let fields = try await request.bodyFields()
        guard let key = fields.key else { throw AppError.missing("key") }
        guard let text = fields.text else { throw AppError.missing("text") }
        if let metadata = fields.metadata { try Self.check(metadata) }
        let body = ByteBuffer(string: text)
        let output = try await s3.putObject(
            S3.PutObjectRequest(
                body: ByteStream(body), bucket: settings.bucket, contentType: "text/plain; charset=utf-8",
                key: try AppRequest.checked(key: key), metadata: fields.metadata))
        let version = JSON(output.versionId)
        return HTTPServerResponse(json: [
            ("ok", true), ("bucket", .string(settings.bucket)), ("key", .string(key)), ("versionId", version),
            ("version_id", version), ("etag", JSON(output.eTag)), ("bytes", .integer(body.readableBytes)),
        ])
    }

    /// `GET /text/<key>`: a text with all that S3 tells of it.
    func readText(_ request: AppRequest) async throws -> HTTPServerResponse {
        let key = try request.key(behind: "/text/")
        let output = try await getObject(key, version: request.parameter("versionId"))
        var members: [(name: String, value: JSON)] = [
            ("ok", true), ("bucket", .string(settings.bucket)), ("key", .string(key)),
            ("versionId", JSON(output.versionId)), ("etag", JSON(output.eTag)),
            ("contentType", JSON(output.contentType)), ("contentLength", JSON(output.contentLength)),
            ("lastModified", JSON(output.lastModified?.iso8601())),
            (
                "metadata",
                .object(
                    (output.metadata ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
            ),
        ]
        members.append(try await Self.text(of: output))
        return HTTPServerResponse(json: members)
    }

    /// `GET /text?key=`: the text alone, as it streams in.
    func readRawText(_ request: AppRequest) async throws -> HTTPServerResponse {
        guard let key = request.query["key"] else { throw AppError.missing("key") }
        let output = try await getObject(try AppRequest.checked(key: key), version: request.parameter("versionId"))
        var response = HTTPServerResponse(
            status: .ok, headers: ["Content-Type": "text/plain; charset=utf-8"], body: output.body ?? .empty)
        if request.method == .HEAD, let length = output.contentLength {
            response.headers.add(name: "Content-Length", value: String(length))
        }
        return response
    }

    func getObject(_ key: String, version: String?) async throws -> S3.GetObjectOutput {
        try await s3.getObject(S3.GetObjectRequest(bucket: settings.bucket, key: key, versionId: version))
    }

    private static func text(of output: S3.GetObjectOutput) async throws -> (name: String, value: JSON) {
        let bytes: ByteBuffer
        do {
            bytes = try await (output.body ?? .empty).collect(upTo: Settings.maximumTextBytes)
        } catch is ByteStream.TooLong {
            return ("note", "the object is too large to be shown here; GET /text?key= streams it")
        }
        guard let text = String(validating: bytes.readableBytesView, as: UTF8.self) else {
            return ("note", "the object is not UTF-8 text; GET /text?key= gives its bytes")
        }
        return ("text", .string(text))
    }

    /// S3 carries metadata in headers.
    private static func check(_ metadata: [String: String]) throws(AppError) {
        for (name, value) in metadata {
            guard !name.isEmpty, name.utf8.allSatisfy({ isTokenByte($0) }) else {
                throw .badRequest("InvalidMetadata", "a metadata name has letters, digits and - _ . only")
            }
            guard value.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 }) else {
                throw .badRequest("InvalidMetadata", "metadata \(name): only printable ASCII characters can be kept")
            }
        }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        PercentEncoding.isUnreserved(byte) || "!#$%&'*+^`|".utf8.contains(byte)
    }
}
