import Crypto
import Ground
import NIOHTTP1

/// Signs requests with signature version 4, on the client's side.
public struct Signer: Sendable {
    public let credentials: Credentials
    public let region: String
    /// The signing name of the service: `s3`, `monitoring`.
    public let service: String

    public init(credentials: Credentials, region: String, service: String) {
        self.credentials = credentials
        self.region = region
        self.service = service
    }

    /// Headers that proxies and transports change, and that are therefore not signed.
    private static let unsigned: Set<String> = [
        "authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id",
    ]

    /// Adds `X-Amz-Date`, the token, for S3 `x-amz-content-sha256`, and the Authorization. `Host` must be there already.
    /// - Parameters:
    ///   - path: raw, as it will be sent.
    ///   - query: raw, as it will be sent.
    /// - Returns: what the chunks of a signed body go on from.
    @discardableResult
    public func sign(
        method: HTTPMethod, path: String, query: String, headers: inout HTTPHeaders, payload: PayloadHash,
        now: Timestamp
    ) -> ChunkSigner {
        let timestamp = now.basic
        headers.replaceOrAdd(name: "X-Amz-Date", value: timestamp)
        if let token = credentials.sessionToken { headers.replaceOrAdd(name: "X-Amz-Security-Token", value: token) }
        if service == "s3" { headers.replaceOrAdd(name: "x-amz-content-sha256", value: payload.text) }
        headers.remove(name: "Authorization")
        let names = Set(headers.map { $0.name.lowercased() }).subtracting(Self.unsigned).sorted()
        let scope = scope(timestamp)
        let request = CanonicalRequest(
            method: method, path: CanonicalRequest.path(path, service: service), query: query, headers: headers,
            signedHeaders: names, payloadHash: payload.text)
        let key = SigningKey(secretAccessKey: credentials.secretAccessKey, scope: scope)
        let signature = key.signature(of: request.stringToSign(timestamp: timestamp, scope: scope))
        headers.add(
            name: "Authorization",
            value: "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope.text), SignedHeaders="
                + "\(names.joined(separator: ";")), Signature=\(signature)")
        return ChunkSigner(key: key, scope: scope, timestamp: timestamp, seed: signature)
    }

    /// The query string of a presigned URL.
    /// - Parameters:
    ///   - host: signed, as every header in `headers`.
    ///   - expires: seconds of validity, 1...604800.
    public func presign(
        method: HTTPMethod, path: String, query: String, host: String, headers: HTTPHeaders = [:], expires: Int,
        now: Timestamp
    ) -> String {
        let timestamp = now.basic
        let scope = scope(timestamp)
        var headers = headers
        headers.replaceOrAdd(name: "Host", value: host)
        let names = Set(headers.map { $0.name.lowercased() }).sorted()
        var items: [(String, String)] = [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope.text)"),
            ("X-Amz-Date", timestamp), ("X-Amz-Expires", String(expires)),
            ("X-Amz-SignedHeaders", names.joined(separator: ";")),
        ]
        if let token = credentials.sessionToken { items.append(("X-Amz-Security-Token", token)) }
        let added = items.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
        let whole = query.isEmpty ? added : "\(query)&\(added)"
        let payload = service == "s3" ? PayloadHash.unsigned.text : PayloadHash.empty
        let request = CanonicalRequest(
            method: method, path: CanonicalRequest.path(path, service: service), query: whole, headers: headers,
            signedHeaders: names, payloadHash: payload)
        let key = SigningKey(secretAccessKey: credentials.secretAccessKey, scope: scope)
        return "\(whole)&X-Amz-Signature=\(key.signature(of: request.stringToSign(timestamp: timestamp, scope: scope)))"
    }

    private func scope(_ timestamp: String) -> CredentialScope {
        CredentialScope(date: String(timestamp.prefix(8)), region: region, service: service)
    }
}

/// Signs the chunks of an `aws-chunked` body and its trailers, one after the other: each signature stands on the last.
public struct ChunkSigner: Sendable {
    private let key: SigningKey
    private let scope: CredentialScope
    private let timestamp: String
    private var previous: String

    init(key: SigningKey, scope: CredentialScope, timestamp: String, seed: String) {
        self.key = key
        self.scope = scope
        self.timestamp = timestamp
        previous = seed
    }

    /// The signature of the next chunk, whose bytes have this hex SHA-256; the last chunk is empty.
    public mutating func sign(chunkHash: String) -> String {
        previous = key.signature(
            of: "AWS4-HMAC-SHA256-PAYLOAD\n\(timestamp)\n\(scope.text)\n\(previous)\n\(PayloadHash.empty)\n\(chunkHash)"
        )
        return previous
    }

    /// The signature of the trailers: lower-case names, in the order in which they are sent.
    public mutating func sign(trailers: [(name: String, value: String)]) -> String {
        let canonical = trailers.map { "\($0.name):\($0.value)\n" }.joined()
        let hash = Hex.encode(SHA256.hash(data: Array(canonical.utf8)))
        previous = key.signature(
            of: "AWS4-HMAC-SHA256-TRAILER\n\(timestamp)\n\(scope.text)\n\(previous)\n\(hash)")
        return previous
    }
}
