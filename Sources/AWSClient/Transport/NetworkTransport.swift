import AsyncHTTPClient
import Ground
import NIOCore
import NIOHTTP1
import NIOPosix

/// The network, by AsyncHTTPClient over HTTP/1.1.
final class NetworkTransport: HTTPTransport {
    private let client: HTTPClient

    init(timeouts: Timeouts) {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(timeouts.connect), read: TimeAmount(timeouts.readIdle)))
        configuration.httpVersion = .http1Only
        // Whether and when to try again is the retry policy's to say.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func send(_ call: HTTPCall, timeout: Duration) async throws -> HTTPReply {
        var request = HTTPClientRequest(url: call.endpoint.origin + call.target)
        request.method = call.method
        request.headers = call.headers
        request.body = Self.body(call.body)
        do {
            let response = try await client.execute(request, timeout: TimeAmount(timeout))
            let length = response.headers.first(name: "content-length").flatMap { Int64($0) }
            return HTTPReply(
                status: Int(response.status.code), headers: response.headers,
                body: call.method == .HEAD ? .empty : ByteStream(response.body, length: length))
        } catch {
            throw Self.transportError(error)
        }
    }

    func shutdown() async throws { try await client.shutdown() }

    private static func body(_ body: ByteStream) -> HTTPClientRequest.Body? {
        if case .buffer(let buffer) = body.source { return buffer.readableBytes > 0 ? .bytes(buffer) : nil }
        return .stream(ByteStreamSequence(stream: body), length: body.length.map { .known($0) } ?? .unknown)
    }

    /// Sorts what AsyncHTTPClient and the system throw by what it means for a retry.
    fileprivate static func transportError(_ error: any Error) -> any Error {
        switch error {
        case let error as HTTPClientError:
            switch error {
            case .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout: TransportError.timeout("connect")
            case .readTimeout: TransportError.timeout("read")
            case .writeTimeout: TransportError.timeout("write")
            case .deadlineExceeded: TransportError.timeout("answer")
            case .cancelled: CancellationError()
            case .remoteConnectionClosed: TransportError.connection("closed by the peer")
            case .invalidURL, .emptyHost, .bodyLengthMismatch: TransportError.unsendable(error.shortDescription)
            default:
                error.shortDescription.hasPrefix("Invalid header")
                    ? TransportError.unsendable(error.shortDescription)
                    : TransportError.connection(error.shortDescription)
            }
        case is CancellationError, is TransportError: error
        // A parser's error is an answer that broke off, or is none.
        case is IOError, is ChannelError, is NIOConnectionError, is HTTPParserError:
            TransportError.connection("\(error)")
        // What the body's own producer threw.
        default: error
        }
    }
}

/// A stream as AsyncHTTPClient reads it.
private struct ByteStreamSequence: AsyncSequence, Sendable {
    let stream: ByteStream

    struct AsyncIterator: AsyncIteratorProtocol {
        var reader: ByteStream.Reader

        mutating func next() async throws -> ByteBuffer? { try await reader.next() }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: stream.makeReader()) }
}

extension ByteStream {
    /// The body of an answer, read as it is asked for.
    fileprivate init(_ body: HTTPClientResponse.Body, length: Int64?) {
        let reader = BodyReader(body)
        self.init(length: length) { try await reader.next() }
    }
}

/// The one iterator over an answer's body.
private actor BodyReader {
    private var iterator: HTTPClientResponse.Body.AsyncIterator?

    init(_ body: HTTPClientResponse.Body) { iterator = body.makeAsyncIterator() }

    /// `nil` behind the end, also when asked again. A stream has one reader, which asks for one chunk at a time: while
    /// it waits the iterator is away from the actor.
    func next() async throws -> ByteBuffer? {
        guard let held = iterator else { return nil }
        // An iterator can't be sent between isolations; this one is taken out while it is used, so nobody else has it.
        nonisolated(unsafe) var iterator = held
        self.iterator = nil
        do {
            guard let chunk = try await iterator.next() else { return nil }
            self.iterator = iterator
            return chunk
        } catch {
            throw NetworkTransport.transportError(error)
        }
    }
}
