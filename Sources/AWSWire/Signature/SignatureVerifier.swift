import Crypto
import Ground
import NIOHTTP1

/// Verifies signatures of version 4 on the server's side.
public struct SignatureVerifier: Sendable {
    private let keys = SigningKeyCache()

    public init() {}

    /// Minutes that a request's time may be off: 15 for S3 (S3 API Reference, RequestTimeTooSkewed), 5 for others.
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
        try checkTime(of: signed, now: now)
        try checkHeaders(of: signed, headers)
        let known = secret(signed.accessKeyID)
        let key = keys.key(
            known == nil ? "" : signed.accessKeyID, secretAccessKey: known ?? "of no key", signed.scope)
        func request(_ path: String, plusIsSpace: Bool) -> (canonical: CanonicalRequest, stringToSign: String) {
            let canonical = CanonicalRequest(
                method: method, path: path, query: rawQuery, plusIsSpace: plusIsSpace, headers: headers,
                signedHeaders: signed.signedHeaders, payloadHash: payloadHash)
            return (canonical, canonical.stringToSign(timestamp: signed.timestampText, scope: signed.scope))
        }
        let path = CanonicalRequest.path(rawPath, service: signed.scope.service)
        let sent = request(path, plusIsSpace: false)
        if key.isSignature(signed.signature, of: sent.stringToSign), known != nil { return key }
        for form in Self.otherForms(path, rawQuery, signed.scope.service) {
            let text = request(form.path, plusIsSpace: form.plusIsSpace).stringToSign
            if key.isSignature(signed.signature, of: text), known != nil { return key }
        }
        guard known != nil else { throw .unknownKey(signed.accessKeyID) }
        throw .mismatch(
            accessKeyID: signed.accessKeyID, signature: signed.signature, stringToSign: sent.stringToSign,
            canonicalRequest: sent.canonical.text)
    }

    /// Forms in which path and query may have been signed where they were not signed as they are: some clients send an
    /// S3 path in another form than they sign it, and some write a space in a query as they would in a form.
    private static func otherForms(
        _ path: String, _ query: String, _ service: String
    ) -> [(path: String, plusIsSpace: Bool)] {
        var paths = [path]
        if service == "s3" {
            for path in CanonicalRequest.normalisedPaths(path) where !paths.contains(path) { paths.append(path) }
        }
        let hasPlus = query.utf8.contains(UInt8(ascii: "+"))
        let forms: [(path: String, plusIsSpace: Bool)] = paths.flatMap { path in
            hasPlus ? [(path, false), (path, true)] : [(path, false)]
        }
        return Array(forms.dropFirst())
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

    private func checkHeaders(of signed: SignedRequest, _ headers: HTTPHeaders) throws(SignatureError) {
        guard signed.signedHeaders.contains("host") else { throw .unsignedHeaders(["host"]) }
        var unsigned: [String] = []
        for (name, _) in headers where name.utf8.count > 6 {
            let name = name.lowercased()
            guard name.hasPrefix("x-amz-"), !signed.signedHeaders.contains(name) else { continue }
            // A presigned URL leaves the body's hash to whoever uses it.
            if signed.isPresigned, name == "x-amz-content-sha256" { continue }
            unsigned.append(name)
        }
        guard unsigned.isEmpty else { throw .unsignedHeaders(unsigned.sorted()) }
    }
}
