import Crypto
import Ground
import NIOCore
import NIOHTTP1

/// What `x-amz-content-sha256` says of a body (S3 API Reference, "Authenticating requests").
public enum PayloadHash: Sendable, Equatable {
    /// Hex SHA-256 of the bytes, as it was sent.
    case sha256(String)
    case unsigned
    /// `aws-chunked` with a signature for each chunk, and perhaps one for the trailers.
    case signedChunks(hasTrailer: Bool)
    /// `aws-chunked` with trailers, unsigned.
    case unsignedTrailer

    /// Of the empty body.
    public static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    /// As in the header and in the canonical request.
    public var text: String {
        switch self {
        case .sha256(let hex): hex
        case .unsigned: "UNSIGNED-PAYLOAD"
        case .signedChunks(hasTrailer: false): "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        case .signedChunks(hasTrailer: true): "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
        case .unsignedTrailer: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        }
    }

    /// - Throws: ``SignatureError/malformedPayloadHash(_:)``.
    public init(_ text: String) throws(SignatureError) {
        switch text {
        case "UNSIGNED-PAYLOAD": self = .unsigned
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": self = .signedChunks(hasTrailer: false)
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": self = .signedChunks(hasTrailer: true)
        case "STREAMING-UNSIGNED-PAYLOAD-TRAILER": self = .unsignedTrailer
        default:
            guard text.utf8.count == 64, Hex.decode(text) != nil else { throw .malformedPayloadHash(text) }
            self = .sha256(text)
        }
    }

    public static func sha256(of buffer: ByteBuffer) -> String {
        var hasher = SHA256()
        buffer.withUnsafeReadableBytes { hasher.update(bufferPointer: $0) }
        return Hex.encode(hasher.finalize())
    }
}
