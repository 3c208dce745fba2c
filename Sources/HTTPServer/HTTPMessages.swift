import Ground
import NIOCore
import NIOHTTP1

/// A request as it came over the wire.
public struct HTTPServerRequest: Sendable {
    public var method: HTTPMethod
    /// The request target as it was sent, neither decoded nor normalised: `/bucket/a%20key?versions`, or `*`. Only the
    /// absolute form is cut to its path and query, its authority becomes the `Host` (RFC 9112, 3.2.2).
    public var uri: String
    public var headers: HTTPHeaders
    /// The body. It is read from the socket while it is pulled; a small one is here already. Its producer throws
    /// ``HTTPBodyError``.
    public var body: ByteStream
    /// `nil` where the peer has no address.
    public var remoteAddress: SocketAddress?
    public var version: HTTPVersion

    public init(
        method: HTTPMethod, uri: String, headers: HTTPHeaders = [:], body: ByteStream = .empty,
        remoteAddress: SocketAddress? = nil, version: HTTPVersion = .http1_1
    ) {
        self.method = method
        self.uri = uri
        self.headers = headers
        self.body = body
        self.remoteAddress = remoteAddress
        self.version = version
    }
}

/// An answer.
///
/// The server frames it: `Content-Length` comes from the body's length wherever that is known, else the body goes out
/// chunked; `Connection` and `Transfer-Encoding` are the server's own; `Date` is added where it is missing. An answer
/// to HEAD and one of status 204 or 304 has no body, whatever ``body`` is; a `Content-Length` that such an answer sets
/// itself is kept.
public struct HTTPServerResponse: Sendable {
    public var status: HTTPResponseStatus
    public var headers: HTTPHeaders
    /// The head goes out together with the first bytes of the body. A stream that throws before it gave any makes a
    /// ``HTTPProtocolError/responseBodyFailed(_:)``; one that throws later, or ends before its length, cuts the
    /// connection: never does a broken body look whole.
    public var body: ByteStream
    /// Whether the connection ends with this answer.
    public var closesConnection: Bool

    public init(
        status: HTTPResponseStatus, headers: HTTPHeaders = [:], body: ByteStream = .empty,
        closesConnection: Bool = false
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.closesConnection = closesConnection
    }
}

/// Answers requests.
public protocol HTTPResponder: Sendable {
    /// Called on the event loop of the request's connection, one request of a connection at a time, in order. What
    /// blocks must go elsewhere. The task is cancelled when the connection goes.
    func respond(to request: HTTPServerRequest) async -> HTTPServerResponse
}
