import Crypto
import Ground
import NIOCore
import NIOHTTP1
import Synchronization

/// A body that ends only if it is what was signed: a wrong hash, chunk signature or length throws in place of the end.
public enum VerifiedBody {
    /// What is needed to check the chunks of a body.
    public struct ChunkSigning: Sendable {
        let key: SigningKey
        let scope: CredentialScope
        let timestamp: String
        let accessKeyID: String
        /// The request's own signature, with which the chain begins.
        let seed: String

        public init(key: SigningKey, signed: SignedRequest) {
            self.key = key
            scope = signed.scope
            timestamp = signed.timestampText
            accessKeyID = signed.accessKeyID
            seed = signed.signature
        }
    }

    /// Wraps a body as its framing and hash ask for.
    /// - Parameters:
    ///   - hash: what `x-amz-content-sha256` says; `nil` where nothing does.
    ///   - signing: `nil` where chunk signatures are not to be checked.
    /// - Throws: ``SignatureError/payloadMismatch(client:computed:)`` at once where the body is all there; ``AWSError`` for a
    ///   chunked body without its decoded length.
    public static func wrap(
        _ body: ByteStream, headers: HTTPHeaders, hash: PayloadHash?, signing: ChunkSigning?
    ) throws -> ByteStream {
        switch hash {
        case .signedChunks(let hasTrailer):
            return try chunked(body, headers, signing: signing, isSigned: true, hasTrailer: hasTrailer)
        case .unsignedTrailer:
            return try chunked(body, headers, signing: nil, isSigned: false, hasTrailer: true)
        case .unsigned, nil:
            // Some clients frame a body without saying so in its hash.
            guard headers.contains(name: "x-amz-decoded-content-length"),
                headers[canonicalForm: "content-encoding"].contains(where: { $0.lowercased() == "aws-chunked" })
            else { return body }
            return try chunked(body, headers, signing: nil, isSigned: false, hasTrailer: true)
        case .sha256(let expected): return try hashed(body, expected)
        }
    }

    private static func hashed(_ body: ByteStream, _ expected: String) throws(SignatureError) -> ByteStream {
        if case .buffer(let buffer) = body.source {
            let computed = PayloadHash.sha256(of: buffer)
            guard computed == expected.lowercased() else {
                throw .payloadMismatch(client: expected, computed: computed)
            }
            return body
        }
        let reader = SharedReader(body)
        let hasher = Mutex(SHA256())
        return body.passing {
            let chunk = try await reader.next()
            if let chunk {
                hasher.withLock { hasher in chunk.withUnsafeReadableBytes { hasher.update(bufferPointer: $0) } }
                return chunk
            }
            let computed = Hex.encode(hasher.withLock { $0.finalize() })
            guard computed == expected.lowercased() else {
                throw SignatureError.payloadMismatch(client: expected, computed: computed)
            }
            return nil
        }
    }

    private static func chunked(
        _ body: ByteStream, _ headers: HTTPHeaders, signing: ChunkSigning?, isSigned: Bool, hasTrailer: Bool
    ) throws(AWSError) -> ByteStream {
        guard let text = headers.first(name: "x-amz-decoded-content-length") else {
            throw AWSError(
                "MissingContentLength", "You must provide the x-amz-decoded-content-length HTTP header.", status: 411)
        }
        guard let length = Int64(text), length >= 0 else {
            throw AWSError(
                "InvalidArgument", "x-amz-decoded-content-length must be a number of bytes.",
                details: [("ArgumentName", "x-amz-decoded-content-length"), ("ArgumentValue", text)])
        }
        let reader = SharedReader(body)
        let decoder = Mutex(
            AWSChunkedDecoder(decodedLength: length, isSigned: isSigned, signing: signing, hasTrailer: hasTrailer))
        let next: @Sendable () async throws -> ByteBuffer? = {
            while true {
                switch try decoder.withLock({ (decoder) throws in try decoder.next() }) {
                case .data(let chunk): return chunk
                case .end:
                    // Nothing may stand behind the last chunk.
                    guard let more = try await reader.next() else { return nil }
                    decoder.withLock { $0.feed(more) }
                case .needsMore:
                    if let more = try await reader.next() {
                        decoder.withLock { $0.feed(more) }
                    } else {
                        try decoder.withLock { (decoder) throws in try decoder.inputEnded() }
                    }
                }
            }
        }
        return ByteStream(length: length, trailers: { decoder.withLock { $0.trailers } }, next: next)
    }
}
