import AWSWire
import Ground

/// Bucket and key of a request, from its path or from its Host.
struct S3Address {
    let level: Route.Level
    let bucket: String?
    let key: String?

    /// - Throws: InvalidURI for a path that is no UTF-8 once decoded; KeyTooLongError.
    init(rawPath: String, host: String?) throws(AWSError) {
        var path = rawPath.hasPrefix("/") ? rawPath.dropFirst() : Substring(rawPath)
        let hosted = host.flatMap(Self.bucket(ofHost:))
        if let hosted {
            bucket = hosted
        } else {
            let name = path.utf8.prefix { $0 != UInt8(ascii: "/") }
            guard let decoded = PercentEncoding.decode(Substring(name)) else { throw Self.invalidURI(rawPath) }
            bucket = decoded.isEmpty ? nil : decoded
            path = Substring(path.utf8.dropFirst(name.count + 1))
        }
        guard bucket != nil else {
            level = .service
            key = nil
            guard path.isEmpty else { throw Self.invalidURI(rawPath) }
            return
        }
        guard !path.isEmpty else {
            level = .bucket
            key = nil
            return
        }
        guard let decoded = PercentEncoding.decode(path) else { throw Self.invalidURI(rawPath) }
        guard decoded.utf8.count <= 1024 else {
            throw AWSError(
                "KeyTooLongError", "Your key is too long",
                details: [("Size", String(decoded.utf8.count)), ("MaxSizeAllowed", "1024")])
        }
        level = .key
        key = decoded
    }

    private static func invalidURI(_ path: String) -> AWSError {
        AWSError("InvalidURI", "Couldn't parse the specified URI.", details: [("URI", path)])
    }

    /// The bucket that a Host names: `bucket.s3.localhost`, `bucket.localhost`, `bucket.s3.REGION.amazonaws.com`,
    /// `bucket.s3.amazonaws.com`.
    private static func bucket(ofHost host: String) -> String? {
        var name = host[...]
        // An IPv6 literal is no bucket's name; else what follows the colon is the port.
        guard !name.hasPrefix("[") else { return nil }
        if let colon = name.lastIndex(of: ":") { name = name[..<colon] }
        if name.hasSuffix(".localhost") {
            name = name.dropLast(".localhost".count)
            if name == "s3" || name.isEmpty { return nil }
            return String(name.hasSuffix(".s3") ? name.dropLast(3) : name)
        }
        guard name.hasSuffix(".amazonaws.com") else { return nil }
        name = name.dropLast(".amazonaws.com".count)
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard let service = labels.lastIndex(of: "s3"), service > 0, labels.count - service <= 2 else { return nil }
        return labels[..<service].joined(separator: ".")
    }
}
