import Ground
import NIOCore
import NIOHTTP1

/// A request as the codecs of a server see it.
public struct WireRequest: Sendable {
    public var method: HTTPMethod
    /// Still percent-encoded.
    public var path: String
    /// Decoded; the value is `nil` where the key stands without `=`.
    public var query: [(name: String, value: String?)]
    /// Decoded labels of the operation's URI, such as `Bucket` and `Key`; set by whoever routes.
    public var labels: [String: String]
    public var headers: HTTPHeaders
    /// The whole body, of operations whose body is a document.
    public var document: ByteBuffer
    /// The body of operations that stream it.
    public var body: ByteStream

    public init(
        method: HTTPMethod, path: String = "/", query: [(name: String, value: String?)] = [],
        labels: [String: String] = [:], headers: HTTPHeaders = [:], document: ByteBuffer = ByteBuffer(),
        body: ByteStream = .empty
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.labels = labels
        self.headers = headers
        self.document = document
        self.body = body
    }
}

/// An answer as the codecs of a server write it. Whoever sends it adds the framing: `Content-Length` (where an output has
/// no such member of its own), `Date`.
public struct WireResponse: Sendable {
    public var status: Int
    public var headers: HTTPHeaders
    public var body: ByteStream

    public init(status: Int, headers: HTTPHeaders = [:], body: ByteStream = .empty) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// A request as the codecs of a client write it; host, signature and checksums are still to come.
public struct ClientRequest: Sendable {
    public var method: HTTPMethod
    /// Percent-encoded.
    public var path: String
    /// Percent-encoded, without the question mark; empty where there is none.
    public var query: String
    public var headers: HTTPHeaders
    public var body: ByteStream

    public init(method: HTTPMethod, path: String, query: String = "", headers: HTTPHeaders, body: ByteStream) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// Path and query, as in a request line.
    public var target: String { query.isEmpty ? path : "\(path)?\(query)" }
}
