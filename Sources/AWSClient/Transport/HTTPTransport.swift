import Ground
import NIOHTTP1

/// One HTTP request as it goes out: signed and framed.
package struct HTTPCall: Sendable {
    package var method: HTTPMethod
    package var endpoint: Endpoint
    /// Path and query exactly as on the wire.
    package var target: String
    package var headers: HTTPHeaders
    package var body: ByteStream

    package init(
        method: HTTPMethod, endpoint: Endpoint, target: String, headers: HTTPHeaders = [:], body: ByteStream = .empty
    ) {
        self.method = method
        self.endpoint = endpoint
        self.target = target
        self.headers = headers
        self.body = body
    }
}

/// What came back. Its body holds a connection until it is read to the end or let go.
package struct HTTPReply: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: ByteStream

    package init(status: Int, headers: HTTPHeaders = [:], body: ByteStream = .empty) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Carries HTTP requests: the network, or a test.
package protocol HTTPTransport: Sendable {
    /// Returns as soon as the head of the answer is there. Redirects are answers as well.
    /// - Throws: ``TransportError``, `CancellationError`.
    func send(_ call: HTTPCall, timeout: Duration) async throws -> HTTPReply
    func shutdown() async throws
}

/// A request got no answer.
public enum TransportError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No connection, or it broke.
    case connection(String)
    /// Nothing was heard for too long; the text says what was waited for.
    case timeout(String)
    /// The request itself cannot be sent, such as a header with control characters; sending it again does not help.
    case unsendable(String)

    public var description: String {
        switch self {
        case .connection(let reason): "connection failed: \(reason)"
        case .timeout(let what): "timed out: \(what)"
        case .unsendable(let reason): "cannot be sent: \(reason)"
        }
    }
}

/// Gives up on `body` after `timeout`, by cancelling it.
/// - Throws: ``TransportError/timeout(_:)`` naming `what`, and whatever `body` throws.
func withTimeout<Result: Sendable>(
    _ timeout: Duration, _ what: String, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask(operation: body)
        group.addTask {
            // Wall time: how long a peer may keep silent is not the cloud's time.
            try await Task.sleep(for: timeout)
            throw TransportError.timeout(what)
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
    }
}
