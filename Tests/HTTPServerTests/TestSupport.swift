import Ground
import HTTPServer
import NIOCore
import NIOHTTP1
import NIOPosix

/// A responder made of a closure.
struct Responder: HTTPResponder {
    let handle: @Sendable (HTTPServerRequest) async -> HTTPServerResponse

    init(_ handle: @escaping @Sendable (HTTPServerRequest) async -> HTTPServerResponse) { self.handle = handle }

    func respond(to request: HTTPServerRequest) async -> HTTPServerResponse { await handle(request) }

    /// Answers with method, target and body.
    static let echo = Responder { request in
        do {
            let body = try await request.body.collect(upTo: 1 << 26)
            return .text("\(request.method) \(request.uri) \(String(buffer: body))")
        } catch let error as HTTPBodyError {
            return .text("\(error)", .badRequest)
        } catch {
            return .text("\(error)", .internalServerError)
        }
    }
}

extension HTTPServerResponse {
    static func text(_ text: String, _ status: HTTPResponseStatus = .ok) -> HTTPServerResponse {
        HTTPServerResponse(status: status, headers: ["Content-Type": "text/plain"], body: ByteStream(text))
    }
}

/// Runs `body` against a server on a port of its own.
func withServer(
    _ responder: Responder = .echo, configure: (inout HTTPServer.Configuration) -> Void = { _ in },
    _ body: (HTTPServer) async throws -> Void
) async throws {
    var configuration = HTTPServer.Configuration()
    configure(&configuration)
    let server = try await HTTPServer.start(
        host: "127.0.0.1", port: 0, configuration: configuration, responder: responder,
        eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
    do {
        try await body(server)
    } catch {
        await server.shutdown(gracePeriod: .zero)
        throw error
    }
    await server.shutdown(gracePeriod: .zero)
}

/// A client that knows bytes only, and reads only when it is asked to.
final class RawClient {
    struct Response {
        var status = 0
        var head = ""
        var headers: HTTPHeaders = [:]
        var body = ByteBuffer()
        var text: String { String(buffer: body) }
    }

    struct ConnectionEnded: Error {
        let unread: String
    }

    private let channel: any Channel
    private var chunks: AsyncStream<ByteBuffer>.Iterator
    private var unread = ByteBuffer()

    init(_ server: HTTPServer) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Receiver(continuation))
                }
            }
            .connect(to: server.localAddress).get()
        chunks = stream.makeAsyncIterator()
    }

    deinit { channel.close(promise: nil) }

    func send(_ text: String) async throws { try await send(ByteBuffer(string: text)) }

    func send(_ buffer: ByteBuffer) async throws { try await channel.writeAndFlush(buffer) }

    /// Sends without waiting for the peer to take it.
    func post(_ buffer: ByteBuffer) { channel.writeAndFlush(buffer, promise: nil) }

    func endOutput() async throws { try await channel.close(mode: .output) }

    func close() async throws { try await channel.close() }

    /// - Returns: whether anything came; `false` at the end.
    private func readMore() async -> Bool {
        channel.read()
        guard var chunk = await chunks.next() else { return false }
        unread.writeBuffer(&chunk)
        return true
    }

    /// Some bytes, at least one; `nil` at the end.
    func receiveSome() async -> ByteBuffer? {
        if unread.readableBytes == 0, await !readMore() { return nil }
        defer { unread.clear() }
        return unread
    }

    func receive(_ count: Int) async throws -> ByteBuffer {
        while unread.readableBytes < count {
            guard await readMore() else { throw ConnectionEnded(unread: String(buffer: unread)) }
        }
        guard let bytes = unread.readSlice(length: count) else { throw ConnectionEnded(unread: "") }
        return bytes
    }

    func receiveToEnd() async -> String {
        while await readMore() {}
        defer { unread.clear() }
        return String(buffer: unread)
    }

    private func line() async throws -> String {
        while true {
            if let end = unread.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
                let bytes = unread.readSlice(length: end + 1 - unread.readerIndex)
                return String(buffer: bytes ?? ByteBuffer()).trimmingLineEnd
            }
            guard await readMore() else { throw ConnectionEnded(unread: String(buffer: unread)) }
        }
    }

    func head() async throws -> Response {
        var response = Response()
        response.head = try await line()
        response.status = Int(response.head.split(separator: " ")[1]) ?? 0
        while true {
            let field = try await line()
            if field.isEmpty { return response }
            let colon = field.firstIndex(of: ":") ?? field.endIndex
            response.headers.add(
                name: String(field[..<colon]), value: String(field[colon...].dropFirst(2)))
        }
    }

    func response(toHead isHead: Bool = false) async throws -> Response {
        var response = try await head()
        if isHead || response.status == 204 || response.status == 304 || response.status == 100 { return response }
        if response.headers["transfer-encoding"].first == "chunked" {
            while true {
                guard let size = Int(try await line(), radix: 16) else { throw ConnectionEnded(unread: "no size") }
                var data = try await receive(size)
                response.body.writeBuffer(&data)
                _ = try await line()
                if size == 0 { return response }
            }
        }
        response.body = try await receive(Int(response.headers["content-length"].first ?? "0") ?? 0)
        return response
    }

    private final class Receiver: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let continuation: AsyncStream<ByteBuffer>.Continuation

        init(_ continuation: AsyncStream<ByteBuffer>.Continuation) { self.continuation = continuation }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { continuation.yield(unwrapInboundIn(data)) }

        func channelInactive(context: ChannelHandlerContext) { continuation.finish() }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if let event = event as? ChannelEvent, event == .inputClosed { continuation.finish() }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            continuation.finish()
            context.close(promise: nil)
        }
    }
}

extension String {
    fileprivate var trimmingLineEnd: String {
        var text = Substring(self).unicodeScalars
        while let last = text.last, last == "\r" || last == "\n" { text.removeLast() }
        return String(text)
    }
}

/// Opened once, and awaited by whoever needs it open.
actor Gate {
    private var isOpen = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    func open() {
        isOpen = true
        for waiter in waiters { waiter.resume() }
        waiters = []
    }

    func wait() async {
        guard !isOpen else { return }
        await withCheckedContinuation { waiters.append($0) }
    }
}

/// SplitMix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
