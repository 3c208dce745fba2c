import Ground
import NIOHTTP1

/// What a request tells of its signature, before any of it is believed.
public struct SignedRequest: Sendable {
    public let accessKeyID: String
    public let scope: CredentialScope
    /// Lower-case names.
    let signedHeaders: [String]
    let signature: String
    /// `20261124T080807Z`, and what it means.
    let timestampText: String
    public let timestamp: Timestamp
    public let securityToken: String?
    /// Whether the signature is in the query string.
    public var isPresigned: Bool { expires != nil }

    /// Seconds of validity of a presigned URL; `nil` for a signature in the header.
    let expires: Int?

    /// Reads a signature from the Authorization header or the query string.
    /// - Returns: `nil` where there is none: an anonymous request.
    /// - Throws: ``SignatureError`` where there is something that is no signature of version 4.
    public static func parse(
        headers: HTTPHeaders, query: [(name: String, value: String?)]
    ) throws(SignatureError) -> SignedRequest? {
        let isPresigned = query.contains { $0.name == "X-Amz-Algorithm" || $0.name == "X-Amz-Credential" }
        if let authorization = headers.first(name: "authorization") {
            guard !isPresigned else { throw .severalMechanisms }
            return try parse(authorization: authorization, headers: headers)
        }
        if isPresigned { return try parse(query: query) }
        // Version 2's presigned form.
        if query.contains(where: { $0.name == "AWSAccessKeyId" }), query.contains(where: { $0.name == "Signature" }) {
            throw .unsupportedMechanism
        }
        return nil
    }

    private static func parse(
        authorization: String, headers: HTTPHeaders
    ) throws(SignatureError) -> SignedRequest {
        let words = authorization.split(separator: " ", maxSplits: 1)
        guard let algorithm = words.first else { throw .malformedHeader("it is empty") }
        guard algorithm == "AWS4-HMAC-SHA256" else {
            if algorithm == "AWS" || algorithm.hasPrefix("AWS4-") { throw .unsupportedMechanism }
            throw .unsupportedType
        }
        var fields: [Substring: Substring] = [:]
        for field in (words.count > 1 ? words[1] : "").split(separator: ",") {
            let trimmed = field.drop { $0 == " " }.prefix { $0 != " " }
            let parts = trimmed.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw .malformedHeader("'\(field)' is no name and value") }
            fields[parts[0]] = parts[1]
        }
        guard let credential = fields["Credential"] else { throw .malformedHeader("missing Credential") }
        guard let signedHeaders = fields["SignedHeaders"] else { throw .malformedHeader("missing SignedHeaders") }
        guard let signature = fields["Signature"] else { throw .malformedHeader("missing Signature") }
        let (key, scope) = try parse(credential: credential) { .malformedHeader($0) }
        guard let (text, timestamp) = date(of: headers) else { throw .missingDate }
        guard text.hasPrefix(scope.date) else {
            throw .malformedHeader("the date \(scope.date) of the Credential is not that of the request, \(text)")
        }
        return SignedRequest(
            accessKeyID: key, scope: scope, signedHeaders: names(signedHeaders), signature: String(signature),
            timestampText: text, timestamp: timestamp, securityToken: headers.first(name: "x-amz-security-token"),
            expires: nil)
    }

    private static func parse(query: [(name: String, value: String?)]) throws(SignatureError) -> SignedRequest {
        func value(_ name: String) -> String? { query.first { $0.name == name }?.value }
        guard let algorithm = value("X-Amz-Algorithm"), let credential = value("X-Amz-Credential"),
            let date = value("X-Amz-Date"), let expiresText = value("X-Amz-Expires"),
            let signedHeaders = value("X-Amz-SignedHeaders"), let signature = value("X-Amz-Signature")
        else {
            throw .malformedQuery(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
                    + "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
        }
        guard algorithm == "AWS4-HMAC-SHA256" else {
            throw .malformedQuery("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"")
        }
        guard let timestamp = Timestamp(basic: date) else {
            throw .malformedQuery("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
        }
        guard let expires = Int(expiresText) else { throw .malformedQuery("X-Amz-Expires should be a number") }
        guard expires >= 1 else { throw .malformedQuery("X-Amz-Expires must be non-negative") }
        guard expires <= 604_800 else {
            throw .malformedQuery(
                "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
                    + "604800 seconds")
        }
        let (key, scope) = try parse(credential: credential[...]) { .malformedQuery($0) }
        guard date.hasPrefix(scope.date) else {
            throw .malformedQuery(
                "Invalid credential date \"\(scope.date)\". This date is not the same as X-Amz-Date: "
                    + "\"\(date.prefix(8))\".")
        }
        return SignedRequest(
            accessKeyID: key, scope: scope, signedHeaders: names(signedHeaders[...]), signature: signature,
            timestampText: date, timestamp: timestamp, securityToken: value("X-Amz-Security-Token"), expires: expires)
    }

    /// `KEY/20261124/region/service/aws4_request`; a key may hold slashes.
    private static func parse(
        credential: Substring, _ malformed: (String) -> SignatureError
    ) throws(SignatureError) -> (key: String, scope: CredentialScope) {
        let parts = credential.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 5, parts[parts.count - 1] == "aws4_request" else {
            throw malformed(
                "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"")
        }
        let key = parts[..<(parts.count - 4)].joined(separator: "/")
        let scope = CredentialScope(
            date: String(parts[parts.count - 4]), region: String(parts[parts.count - 3]),
            service: String(parts[parts.count - 2]))
        guard !key.isEmpty, scope.date.utf8.count == 8, !scope.region.isEmpty, !scope.service.isEmpty else {
            throw malformed(
                "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"")
        }
        return (key, scope)
    }

    private static func names(_ list: Substring) -> [String] { list.split(separator: ";").map { $0.lowercased() } }

    private static func date(of headers: HTTPHeaders) -> (String, Timestamp)? {
        if let text = headers.first(name: "x-amz-date") {
            if let timestamp = Timestamp(basic: text) { return (text, timestamp) }
            return Timestamp(httpDate: text).map { ($0.basic, $0) }
        }
        return headers.first(name: "date").flatMap { Timestamp(httpDate: $0) ?? Timestamp(basic: $0) }
            .map { ($0.basic, $0) }
    }
}
