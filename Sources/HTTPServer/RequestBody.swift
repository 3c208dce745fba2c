import Ground
import NIOCore
import NIOHTTP1
import Synchronization

/// A request's body between the socket and its reader. Used on the connection's event loop only, except through the
/// ``stream()`` it makes.
final class RequestBody {
    private enum End {
        case complete(trailers: HTTPHeaders?)
        case failed(any Error)
    }

    /// What a reader finds.
    private enum Next {
        case chunk(ByteBuffer)
        case end
        case failure(any Error)
        case nothing
    }

    private let eventLoop: any EventLoop
    /// Gone when the exchange is over: a reader that comes later must not keep the connection.
    private var connection: HTTPConnection?
    /// As announced by `Content-Length`; `nil` where the body is chunked.
    let length: Int64?
    private var received: Int64 = 0
    private var chunks = CircularBuffer<ByteBuffer>(initialCapacity: 4)
    /// Bytes that wait for the reader.
    private(set) var buffered = 0
    private var end: End?
    private var reader: CheckedContinuation<ByteBuffer?, any Error>?
    private var isDiscarded = false
    private let trailers: TrailerFields?
    /// Whether the client waits for `100 Continue` before it sends.
    private(set) var expectsContinue: Bool

    init(_ connection: HTTPConnection, _ eventLoop: any EventLoop, length: Int64?, expectsContinue: Bool) {
        self.connection = connection
        self.eventLoop = eventLoop
        self.length = length
        self.expectsContinue = expectsContinue
        trailers = length == nil ? TrailerFields() : nil
    }

    /// Whether nothing more comes: it is complete, or never will be.
    var hasEnded: Bool { end != nil }

    var isComplete: Bool {
        if case .complete = end { true } else { false }
    }

    /// Bytes still to come; `nil` where nobody knows.
    var remaining: Int64? { length.map { $0 - received } }

    func stream() -> ByteStream {
        let body = NIOLoopBound(self, eventLoop: eventLoop)
        let trailers = trailers.map { trailers in { @Sendable in trailers.fields } }
        return ByteStream(length: length, trailers: trailers) { try await Self.next(of: body) }
    }

    // MARK: From the socket

    func receive(_ bytes: ByteBuffer) {
        expectsContinue = false
        received += Int64(bytes.readableBytes)
        guard !isDiscarded, end == nil else { return }
        if let reader {
            self.reader = nil
            connection?.bodyReaderServed()
            reader.resume(returning: bytes)
        } else {
            chunks.append(bytes)
            buffered += bytes.readableBytes
        }
    }

    func complete(trailers fields: HTTPHeaders?) {
        guard end == nil else { return }
        end(with: .complete(trailers: fields))
    }

    /// Ends a body that was cut short. What came before is given to the reader first.
    func fail(_ error: any Error) {
        guard end == nil else { return }
        end(with: .failed(error))
    }

    private func end(with end: End) {
        self.end = end
        expectsContinue = false
        guard let reader else { return }
        self.reader = nil
        connection?.bodyReaderServed()
        switch end {
        case .complete(let fields):
            trailers?.set(fields)
            reader.resume(returning: nil)
        case .failed(let error): reader.resume(throwing: error)
        }
    }

    /// The request is answered: nobody reads the rest.
    func discard() {
        isDiscarded = true
        chunks.removeAll()
        buffered = 0
        if let reader {
            self.reader = nil
            reader.resume(throwing: HTTPBodyError.unavailable)
        }
        connection = nil
    }

    // MARK: To the reader

    private static func next(of body: NIOLoopBound<RequestBody>) async throws -> ByteBuffer? {
        if body.eventLoop.inEventLoop {
            switch body.value.take() {
            case .chunk(let chunk): return chunk
            case .end: return nil
            case .failure(let error): throw error
            case .nothing: break
            }
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { reader in
                if body.eventLoop.inEventLoop {
                    body.value.wait(reader)
                } else {
                    body.eventLoop.execute { body.value.wait(reader) }
                }
            }
        } onCancel: {
            body.eventLoop.execute { body.value.fail(CancellationError()) }
        }
    }

    private func take() -> Next {
        if isDiscarded { return .failure(HTTPBodyError.unavailable) }
        if let chunk = chunks.popFirst() {
            buffered -= chunk.readableBytes
            connection?.readIfWanted()
            return .chunk(chunk)
        }
        switch end {
        case .complete(let fields):
            trailers?.set(fields)
            return .end
        case .failed(let error): return .failure(error)
        case nil: return .nothing
        }
    }

    private func wait(_ reader: CheckedContinuation<ByteBuffer?, any Error>) {
        guard self.reader == nil else { return reader.resume(throwing: HTTPBodyError.unavailable) }
        switch take() {
        case .chunk(let chunk): reader.resume(returning: chunk)
        case .end: reader.resume(returning: nil)
        case .failure(let error): reader.resume(throwing: error)
        case .nothing:
            self.reader = reader
            connection?.bodyReaderWaits(sendContinue: expectsContinue)
            expectsContinue = false
        }
    }
}

/// The trailer fields of a chunked body, which are asked for on any thread.
private final class TrailerFields: Sendable {
    private let state = Mutex<[(name: String, value: String)]>([])

    var fields: [(name: String, value: String)] { state.withLock { $0 } }

    func set(_ headers: HTTPHeaders?) {
        guard let headers else { return }
        let fields = headers.map { (name: $0.name.lowercased(), value: $0.value) }
        state.withLock { $0 = fields }
    }
}
