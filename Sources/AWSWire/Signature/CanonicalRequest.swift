import Crypto
import Ground
import NIOHTTP1

/// The form of a request that is signed (IAM User Guide, "Create a canonical request").
struct CanonicalRequest {
    let text: String

    /// - Parameters:
    ///   - path: the canonical URI; see ``path(_:service:)``.
    ///   - query: the raw query string.
    ///   - plusIsSpace: whether `+` in it stands for a space.
    ///   - signedHeaders: lower-case names, in the order in which they are signed.
    ///   - payloadHash: hex SHA-256 of the body, or one of S3's words for it.
    init(
        method: HTTPMethod, path: String, query: String, plusIsSpace: Bool = false, headers: HTTPHeaders,
        signedHeaders: [String], payloadHash: String
    ) {
        var text = "\(method.rawValue)\n\(path)\n\(Self.query(query, plusIsSpace))\n"
        for name in signedHeaders {
            text += name
            text += ":"
            text += Self.value(of: name, in: headers)
            text += "\n"
        }
        text += "\n\(signedHeaders.joined(separator: ";"))\n\(payloadHash)"
        self.text = text
    }

    var hash: String { Hex.encode(SHA256.hash(data: Array(text.utf8))) }

    func stringToSign(timestamp: String, scope: CredentialScope) -> String {
        "AWS4-HMAC-SHA256\n\(timestamp)\n\(scope.text)\n\(hash)"
    }

    /// The canonical URI of a path as it was sent. S3 takes it as it is; every other service takes out empty and dot
    /// segments and encodes it once more.
    static func path(_ rawPath: String, service: String) -> String {
        let path = rawPath.isEmpty ? "/" : rawPath
        if service == "s3" || path == "/" { return path }
        var segments: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." { _ = segments.popLast() } else { segments.append(segment) }
        }
        let ending = path.hasSuffix("/") && !segments.isEmpty ? "/" : ""
        return PercentEncoding.encode("/" + segments.joined(separator: "/") + ending, keepingSlash: true)
    }

    /// S3's canonical URIs where a client sent one in another form than it signed: decoded, and encoded in the one way,
    /// with escaped slashes as they are and as slashes.
    static func normalisedPaths(_ rawPath: String) -> [String] {
        guard let bytes = PercentEncoding.decodeBytes(rawPath) else { return [] }
        let segments = rawPath.split(separator: "/", omittingEmptySubsequences: false).map { segment in
            PercentEncoding.decodeBytes(segment).map { PercentEncoding.encode($0) } ?? String(segment)
        }
        return [segments.joined(separator: "/"), PercentEncoding.encode(bytes, keepingSlash: true)]
    }

    /// Sorted by name, then value, both encoded in the one way; the signature itself is no part of it.
    private static func query(_ raw: String, _ plusIsSpace: Bool) -> String {
        guard !raw.isEmpty else { return "" }
        var items: [(name: String, value: String)] = []
        for item in raw.utf8.split(separator: UInt8(ascii: "&")) {
            let parts = item.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = reencoded(Substring(parts[0]), plusIsSpace)
            guard name != "X-Amz-Signature" else { continue }
            items.append((name, parts.count > 1 ? reencoded(Substring(parts[1]), plusIsSpace) : ""))
        }
        items.sort { ($0.name, $0.value) < ($1.name, $1.value) }
        return items.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }

    private static func reencoded(_ text: Substring, _ plusIsSpace: Bool) -> String {
        guard let bytes = PercentEncoding.decodeBytes(text, plusIsSpace: plusIsSpace) else { return String(text) }
        return PercentEncoding.encode(bytes, keepingSlash: false)
    }

    /// Trimmed, runs of white space folded; several fields of one name are joined.
    private static func value(of name: String, in headers: HTTPHeaders) -> String {
        func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let values = headers[name]
        guard values.count == 1, !values[0].utf8.contains(where: isSpace) else {
            return values.map { value in
                value.utf8.split(whereSeparator: isSpace).map { String(Substring($0)) }.joined(separator: " ")
            }.joined(separator: ",")
        }
        return values[0]
    }
}
