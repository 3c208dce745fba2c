import AWSWire
import Ground
import NIOCore

/// Makes an output, or an error, of an answer.
enum AnswerReader {
    /// Answers that are documents have at most this many bytes: CloudWatch's and EC2's longest have some.
    private static let documentLimit = 64 << 20
    /// Errors are short.
    private static let errorLimit = 1 << 20

    /// - Throws: `AWSError` where the service answered with one; what the codec throws where the answer is none of its.
    static func output<Output: Shape>(
        of reply: HTTPReply, _ operation: OperationSchema, _ request: PreparedRequest
    ) async throws -> Output {
        let proto = operation.service.preferredProtocol
        guard (200..<300).contains(reply.status) else {
            // Something that long is not the service's own error; its status still tells what to make of it.
            let document = try await body(of: reply, upTo: errorLimit) ?? ByteBuffer()
            throw ClientCodec.decodeError(
                operation, proto, status: reply.status, headers: reply.headers, document: document)
        }
        if ClientCodec.streams(operation) {
            let body = VerifiedBody.verifying(reply.body, status: reply.status, reply.headers)
            return try ClientCodec.decode(
                operation, proto, status: reply.status, headers: reply.headers, document: ByteBuffer(), body: body)
        }
        guard let document = try await body(of: reply, upTo: documentLimit) else {
            throw WireError.tooLarge("the answer has more than \(documentLimit) bytes")
        }
        // CopyObject and CompleteMultipartUpload may begin a 200 before they fail (S3 API Reference).
        if proto == .restXML, document.readableBytes > 0, isError(document) {
            throw ClientCodec.decodeError(operation, proto, status: 500, headers: reply.headers, document: document)
        }
        return try ClientCodec.decode(
            operation, proto, status: reply.status, headers: reply.headers, document: document, body: .empty)
    }

    /// The whole body; `nil` where it is longer than `limit`.
    private static func body(of reply: HTTPReply, upTo limit: Int) async throws -> ByteBuffer? {
        do {
            return try await reply.body.collect(upTo: limit)
        } catch is ByteStream.TooLong {
            return nil
        }
    }

    /// Whether a document's root is `Error`.
    private static func isError(_ document: ByteBuffer) -> Bool {
        let start = String(
            buffer: document.getSlice(at: document.readerIndex, length: min(256, document.readableBytes))
                ?? ByteBuffer())
        guard
            let root = start.split(separator: "<").first(where: { !$0.hasPrefix("?") && !$0.allSatisfy(\.isWhitespace) }
            )
        else { return false }
        return root.hasPrefix("Error>") || root.hasPrefix("Error ")
    }
}
