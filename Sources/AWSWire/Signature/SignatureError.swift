import Ground

/// Each way in which a signature can fail, as facts. ``asAWSError(_:)`` tells them in each protocol's words.
public enum SignatureError: Error, Sendable, Equatable {
    /// Nothing is signed where something must be.
    case missing
    /// Signature version 2, or 4A.
    case unsupportedMechanism
    /// Both an Authorization header and a signature in the query.
    case severalMechanisms
    /// An Authorization header of another kind, such as Basic.
    case unsupportedType
    case malformedHeader(String)
    case malformedQuery(String)
    case missingDate
    case unknownKey(String)
    case mismatch(accessKeyID: String, signature: String, stringToSign: String, canonicalRequest: String)
    /// The request's time is too far from the server's; `tolerance` in minutes.
    case skewed(request: Timestamp, server: Timestamp, tolerance: Int)
    /// A presigned URL after its time.
    case expired(seconds: Int, end: Timestamp, server: Timestamp)
    /// A presigned URL before its time.
    case notYetValid(start: Timestamp, server: Timestamp)
    /// `x-amz-*` headers, or Host, that were sent and not signed.
    case unsignedHeaders([String])
    /// S3 wants `x-amz-content-sha256` wherever a header signs.
    case missingPayloadHash
    case malformedPayloadHash(String)
    case payloadMismatch(client: String, computed: String)
    case invalidToken
    case expiredToken
    /// A signature for a service or region that this endpoint is not.
    case wrongScope(String)
}
