import NIOCore
import NIOHTTP1

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Why a request's body ended before its end.
public enum HTTPBodyError: Error, Sendable, Equatable {
    /// The connection ended before all of it came.
    case incomplete
    /// Nothing came for ``HTTPServer/Configuration/bodyTimeout``.
    case timeout
    /// Its chunked framing is broken.
    case malformed
    /// It was asked for after the request had been answered, or by two readers at once.
    case unavailable
}

/// What is answered by the server itself, since no request came of it that a responder could answer.
public enum HTTPProtocolError: Error, Sendable {
    /// No HTTP/1 request, or one whose length can be understood in two ways.
    case malformedRequest(String)
    /// Request line and header fields are longer than `limit` bytes, or there are too many.
    case headerSectionTooLarge(limit: Int)
    /// The request target is longer than `limit` bytes.
    case uriTooLong(limit: Int)
    /// HTTP of another major version than 1.
    case unsupportedVersion
    /// An `Expect` that is not `100-continue`.
    case unsupportedExpectation
    /// A small body that was cut short before the request was handed on.
    case bodyIncomplete
    /// A small body that stalled before the request was handed on.
    case bodyTimeout
    /// There are as many connections as ``HTTPServer/Configuration/maximumConnections``.
    case tooManyConnections
    /// The responder's body could not be read, before any byte of the answer went out.
    case responseBodyFailed(any Error)

    /// The status that belongs to it.
    public var status: HTTPResponseStatus {
        switch self {
        case .malformedRequest, .bodyIncomplete, .headerSectionTooLarge: .badRequest
        case .uriTooLong: .uriTooLong
        case .unsupportedVersion: .httpVersionNotSupported
        case .unsupportedExpectation: .expectationFailed
        case .bodyTimeout: .requestTimeout
        case .tooManyConnections: .serviceUnavailable
        case .responseBodyFailed: .internalServerError
        }
    }

    /// What a decoder's complaint about a request means.
    static func decoding(_ error: any Error, headerLimit: Int) -> HTTPProtocolError {
        switch error as? HTTPParserError {
        case .headerOverflow: .headerSectionTooLarge(limit: headerLimit)
        case .invalidVersion: .unsupportedVersion
        case .invalidEOFState, .closedConnection: .malformedRequest("the connection ended within the request")
        case .unexpectedContentLength: .malformedRequest("more than one length of the body")
        case .invalidContentLength: .malformedRequest("invalid Content-Length")
        case .invalidChunkSize: .malformedRequest("invalid chunk")
        case .invalidMethod: .malformedRequest("invalid method")
        case .invalidHeaderToken: .malformedRequest("invalid header field")
        case .invalidURL: .malformedRequest("invalid request target")
        default: .malformedRequest("not an HTTP/1.1 request")
        }
    }
}

/// Why a server could not start.
public enum HTTPServerError: Error, Sendable, CustomStringConvertible {
    /// Another process listens there.
    case portInUse(host: String, port: Int)
    /// The port is reserved for privileged users.
    case portNotPermitted(host: String, port: Int)
    /// Anything else that bind or listen said.
    case cannotListen(host: String, port: Int, reason: String)

    init(host: String, port: Int, _ error: any Error) {
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE: self = .portInUse(host: host, port: port)
        case EACCES, EPERM: self = .portNotPermitted(host: host, port: port)
        default: self = .cannotListen(host: host, port: port, reason: "\(error)")
        }
    }

    public var description: String {
        switch self {
        case .portInUse(let host, let port): "port \(port) on \(host) is in use by another process"
        case .portNotPermitted(let host, let port): "port \(port) on \(host) needs more rights than this process has"
        case .cannotListen(let host, let port, let reason): "cannot listen on port \(port) of \(host): \(reason)"
        }
    }
}
