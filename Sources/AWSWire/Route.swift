import NIOHTTP1

/// What tells one S3 operation from another: the method, how deep the path goes, and which sub-resource keys the query
/// has.
public struct Route: Sendable {
    public enum Level: Sendable {
        case service, bucket, key
    }

    public let method: HTTPMethod
    public let level: Level
    /// Query keys that must be there, `key=value` where the value counts as well.
    public let query: [String]
    public let operation: String
    /// Whether the request must name a source to copy from (`x-amz-copy-source`).
    public let copies: Bool

    public init(_ method: HTTPMethod, _ level: Level, _ query: [String], _ operation: String, copies: Bool = false) {
        self.method = method
        self.level = level
        self.query = query
        self.operation = operation
        self.copies = copies
    }

    /// Whether a request of this kind goes this way. Keys that the route does not name do not matter: SDKs send noise
    /// such as `x-id`.
    public func matches(
        _ method: HTTPMethod, _ level: Level, query given: [(name: String, value: String?)], hasCopySource: Bool
    ) -> Bool {
        guard self.method == method, self.level == level, !copies || hasCopySource else { return false }
        return query.allSatisfy { wanted in
            guard let equals = wanted.firstIndex(of: "=") else { return given.contains { $0.name == wanted } }
            return given.contains {
                $0.name == wanted[..<equals] && $0.value ?? "" == wanted[wanted.index(after: equals)...]
            }
        }
    }
}
