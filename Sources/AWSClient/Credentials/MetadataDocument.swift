import AWSWire
import Ground
import NIOCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The JSON in which ECS and EC2 hand out credentials.
struct MetadataDocument: Decodable {
    let AccessKeyId: String?
    let SecretAccessKey: String?
    let Token: String?
    let Expiration: String?
    /// EC2's; `Success` where all is well.
    let Code: String?

    /// As much as a document, role name or token may have; the real ones have under 4 KiB.
    static let limit = 64 << 10

    /// - Throws: ``CredentialError`` where it is longer than any such document; ``TransportError``.
    static func body(of reply: HTTPReply, from source: String) async throws -> ByteBuffer {
        do {
            return try await reply.body.collect(upTo: limit)
        } catch is ByteStream.TooLong {
            throw CredentialError("\(source) answered with more than \(limit) bytes")
        }
    }

    /// - Throws: ``CredentialError``.
    static func credentials(in body: ByteBuffer, from source: String) throws -> ExpiringCredentials {
        let document: MetadataDocument
        do {
            document = try JSONDecoder().decode(MetadataDocument.self, from: Data(body.readableBytesView))
        } catch {
            throw CredentialError("\(source) answered with something that is no credentials document")
        }
        if let code = document.Code, code != "Success" {
            throw CredentialError("\(source) has no credentials: \(code.prefix(100))")
        }
        guard let id = document.AccessKeyId, let secret = document.SecretAccessKey else {
            throw CredentialError("\(source) answered with a credentials document that lacks keys")
        }
        let expiration = document.Expiration.flatMap { Timestamp(iso8601: $0) }
        guard document.Expiration == nil || expiration != nil else {
            throw CredentialError("\(source) answered with an expiration that is no timestamp")
        }
        return ExpiringCredentials(
            Credentials(accessKeyID: id, secretAccessKey: secret, sessionToken: document.Token),
            expiration: expiration)
    }
}
