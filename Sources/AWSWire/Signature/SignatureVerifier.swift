import Crypto
import Ground
import NIOHTTP1

/// Verifies signatures of version 4 on the server's side.
public struct SignatureVerifier: Sendable {
    private let keys = SigningKeyCache()

    public init() {}

    /// Minutes that a request's time may be off: 15 for S3 (S3 API Reference, RequestTimeTooSkewed), 5 for other services.
    static func tolerance(of service: String) -> Int { service == "s3" ? 15 : 5 }

    /// Checks a signature.
    /// - Parameters:
    ///   - secret: the secret of an access key, `nil` for one that nobody has.
    ///   - payloadHash: what stands for the body in the canonical request.
    ///   - now: wall time.
    /// - Returns: the key that signed, for the chunks of a body.
    /// - Throws: ``SignatureError``. An unknown key costs as much as a wrong signature.
    public func verify(
        _ signed: SignedRequest, method: HTTPMethod, rawPath: String, rawQuery: String, headers: HTTPHeaders,
        payloadHash: String, now: Timestamp, secret: (String) -> String?
    ) throws(SignatureError) -> SigningKey {
        let isS3 = signed.scope.service == "s3"
        try checkTime(of: signed, now: now)
        try checkHeaders(of: signed, headers, isS3: isS3)
        let known = secret(signed.accessKeyID)
        let key =
            known.map { keys.key(signed.accessKeyID, secretAccessKey: $0, signed.scope) }
            ?? SigningKey(secretAccessKey: "no such key", scope: signed.scope)
        func request(_ path: String) -> CanonicalRequest {
            CanonicalRequest(
                method: method, path: path, query: rawQuery, headers: headers, signedHeaders: signed.signedHeaders,
                payloadHash: payloadHash)
        }
        let sent = request(CanonicalRequest.path(rawPath, service: signed.scope.service))
        let stringToSign = sent.stringToSign(timestamp: signed.timestampText, scope: signed.scope)
        let holds = key.isSignature(signed.signature, of: stringToSign)
        guard known != nil else { throw .unknownKey(signed.accessKeyID) }
        if holds { return key }
        // Some clients sign a path in another form than they send it.
        if isS3, let path = CanonicalRequest.normalisedPath(rawPath), path != rawPath {
            let text = request(path).stringToSign(timestamp: signed.timestampText, scope: signed.scope)
            if key.isSignature(signed.signature, of: text) { return key }
        }
        throw .mismatch(
            accessKeyID: signed.accessKeyID, signature: signed.signature, stringToSign: stringToSign,
            canonicalRequest: sent.text)
    }

    private func checkTime(of signed: SignedRequest, now: Timestamp) throws(SignatureError) {
        let tolerance = Self.tolerance(of: signed.scope.service)
        let allowed = Int64(tolerance) * 60_000
        if let expires = signed.expires {
            let end = signed.timestamp.advanced(by: .seconds(expires))
            guard now <= end else { throw .expired(seconds: expires, end: end, server: now) }
            guard signed.timestamp.milliseconds - now.milliseconds <= allowed else {
                throw .notYetValid(start: signed.timestamp, server: now)
            }
        } else if abs(now.milliseconds - signed.timestamp.milliseconds) > allowed {
            throw .skewed(request: signed.timestamp, server: now, tolerance: tolerance)
        }
    }

    private func checkHeaders(of signed: SignedRequest, _ headers: HTTPHeaders, isS3: Bool) throws(SignatureError) {
        guard signed.signedHeaders.contains("host") else { throw .unsignedHeaders(["host"]) }
        guard isS3 else { return }
        var unsigned: [String] = []
        for (name, _) in headers where name.utf8.count > 6 {
            let name = name.lowercased()
            guard name.hasPrefix("x-amz-"), !signed.signedHeaders.contains(name) else { continue }
            // A presigned URL leaves the body's hash to whoever uses it.
            if signed.expires != nil, name == "x-amz-content-sha256" { continue }
            unsigned.append(name)
        }
        guard unsigned.isEmpty else { throw .unsignedHeaders(unsigned.sorted()) }
    }
}
