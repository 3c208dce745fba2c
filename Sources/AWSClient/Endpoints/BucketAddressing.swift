import AWSWire

/// How a request to S3 names its bucket.
public enum BucketAddressing: Sendable {
    /// In the host name for AWS itself where the name allows it, else in the path.
    case automatic
    /// Always in the path: `/bucket/key`.
    case path
    /// In the host name where the name allows it: `bucket.host/key`.
    case virtualHost
}

extension BucketAddressing {
    /// Moves the bucket from the path to the host name where this style wants it there.
    /// - Parameter target: path and query, the bucket being the path's first part.
    package func apply(
        to target: String, endpoint: Endpoint, isCustom: Bool, operation: OperationSchema
    ) -> (endpoint: Endpoint, target: String) {
        guard operation.service.name == "s3", operation.requestURI.hasPrefix("/{Bucket}"), target.first == "/" else {
            return (endpoint, target)
        }
        let bucket = target.dropFirst().prefix { $0 != "/" && $0 != "?" }
        let wantsHost =
            switch self {
            case .automatic: !isCustom
            case .path: false
            case .virtualHost: true
            }
        guard wantsHost, Self.fitsHostName(bucket) else { return (endpoint, target) }
        var endpoint = endpoint
        endpoint.host = "\(bucket).\(endpoint.host)"
        let rest = target[bucket.endIndex...]
        return (endpoint, rest.first == "/" ? String(rest) : "/" + rest)
    }

    /// Whether a bucket's name is one part of a host name. With dots it is several, which AWS's certificate does not
    /// cover.
    private static func fitsHostName(_ bucket: Substring) -> Bool {
        let bytes = bucket.utf8
        guard (3...63).contains(bytes.count), bucket.first != "-", bucket.last != "-" else { return false }
        return bytes.allSatisfy {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || $0 == UInt8(ascii: "-")
        }
    }
}
