import Ground
import NIOCore
import NIOHTTP1

/// The state of one connection: what was read of the request that comes, and the one that is being answered. Requests
/// that are pipelined wait until the one before them is answered. Used on the connection's event loop only.
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = IOData

    enum Phase {
        /// Nothing of a request is here.
        case idle
        /// A request with a small body, of which this much has come.
        case collecting(RequestHead, ByteBuffer)
        /// A request is with the responder, or its answer on the way.
        case answering(Exchange)
        /// The last answer is being written.
        case flushing
        /// The last answer is written; what the peer still sends is dropped.
        case lingering
        case closed
    }

    private enum Deadline {
        case head
        case body
        case write
        case linger
    }

    let loop: ConnectionLoop
    private(set) var context: ChannelHandlerContext?
    private(set) var phase = Phase.idle
    private var remoteAddress: SocketAddress?
    /// Parts of requests behind the one that is being answered: no more than one read brought.
    private var waitingParts = CircularBuffer<HTTPServerRequestPart>(initialCapacity: 4)
    /// What the decoder said behind the waiting parts.
    private var waitingFailure: (any Error)?
    private var inputHasEnded = false
    private var writableWaiter: CheckedContinuation<Void, Never>?
    private var deadline: (at: NIODeadline, cause: Deadline)?
    private var timer: (at: NIODeadline, task: Scheduled<Void>)?

    init(_ loop: ConnectionLoop) { self.loop = loop }

    private var configuration: HTTPServer.Configuration { loop.configuration }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        remoteAddress = context.remoteAddress
        let isAllowed = loop.add(self)
        if loop.isDraining {
            context.close(promise: nil)
        } else if isAllowed {
            setDeadline(.head, configuration.headerTimeout)
            context.read()
        } else {
            refuse(.tooManyConnections)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        let last = phase
        phase = .closed
        timer?.task.cancel()
        timer = nil
        deadline = nil
        if case .answering(let exchange) = last {
            exchange.task?.cancel()
            exchange.body?.fail(HTTPBodyError.incomplete)
            exchange.body?.discard()
        }
        resumeWriter()
        loop.remove(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if takesParts, waitingParts.isEmpty { handle(part) } else { waitingParts.append(part) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        switch phase {
        case .collecting: setDeadline(.body, configuration.bodyTimeout)
        case .flushing, .lingering, .closed: waitingParts.removeAll()
        default: break
        }
        readIfWanted()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { resumeWriter() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else { return }
        inputHasEnded = true
        switch phase {
        case .idle, .lingering: context.close(promise: nil)
        case .collecting: decodingFailed(HTTPParserError.invalidEOFState)
        case .answering(let exchange) where !exchange.requestHasEnded: decodingFailed(HTTPParserError.invalidEOFState)
        case .answering, .flushing, .closed: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case is HTTPParserError, is NIOHTTPDecoderError: decodingFailed(error)
        // The decoder said before what was wrong.
        case is ByteToMessageDecoderError: break
        default: context.close(promise: nil)
        }
    }

    // MARK: Reading

    /// Whether parts belong to what is at hand; else they wait.
    private var takesParts: Bool {
        switch phase {
        case .idle, .collecting: true
        case .answering(let exchange): !exchange.requestHasEnded
        case .flushing, .lingering, .closed: false
        }
    }

    func readIfWanted() {
        let isWanted =
            switch phase {
            case .idle, .collecting, .lingering: true
            case .answering(let exchange):
                !exchange.requestHasEnded && (exchange.body?.buffered ?? 0) < configuration.bodyWindow
            case .flushing, .closed: false
            }
        if isWanted { context?.read() }
    }

    private func handle(_ part: HTTPServerRequestPart) {
        switch (phase, part) {
        case (.idle, .head(let head)): begin(head)
        case (.collecting(let head, var collected), .body(var bytes)):
            phase = .idle
            if collected.readableBytes == 0 { collected = bytes } else { collected.writeBuffer(&bytes) }
            phase = .collecting(head, collected)
        case (.collecting(let head, let collected), .end):
            hand(on: head, nil, collected.readableBytes == 0 ? .empty : ByteStream(collected))
        case (.answering(let exchange), .body(let bytes)):
            exchange.body?.receive(bytes)
        case (.answering(let exchange), .end(let trailers)):
            exchange.body?.complete(trailers: trailers)
            if exchange.isAnswered { takeNextRequest() }
        default: break
        }
    }

    private func begin(_ received: HTTPRequestHead) {
        let head: RequestHead
        do throws(HTTPProtocolError) {
            head = try RequestHead(received, maximumURIBytes: configuration.maximumURIBytes)
        } catch {
            return refuse(error)
        }
        guard let context else { return }
        switch head.framing {
        case .length(let length)
        where length == 0 || length <= configuration.collectedBodyBytes && !head.expectsContinue:
            // A server may leave it out where there is no body. But botocore takes a final status in its place for the
            // last one of the connection, and misreads the next answer if it is not.
            if head.expectsContinue {
                context.writeAndFlush(wrapOutboundOut(.byteBuffer(Self.continueResponse)), promise: nil)
            }
            phase = .collecting(head, ByteBuffer())
        case .length(let length):
            let body = RequestBody(self, context.eventLoop, length: length, expectsContinue: head.expectsContinue)
            hand(on: head, body, body.stream())
        case .chunked:
            let body = RequestBody(self, context.eventLoop, length: nil, expectsContinue: head.expectsContinue)
            hand(on: head, body, body.stream())
        }
    }

    private func hand(on head: RequestHead, _ body: RequestBody?, _ stream: ByteStream) {
        guard let context else { return }
        let exchange = Exchange(head, body)
        phase = .answering(exchange)
        deadline = nil
        let request = HTTPServerRequest(
            method: head.method, uri: head.uri, headers: head.headers, body: stream, remoteAddress: remoteAddress,
            version: head.version)
        let bound = NIOLoopBound((connection: self, exchange: exchange), eventLoop: context.eventLoop)
        exchange.task = Task(executorPreference: loop.executor) { [responder = loop.responder] in
            let response = await responder.respond(to: request)
            await bound.value.connection.answer(response, bound.value.exchange)
        }
    }

    /// The bytes are no HTTP, or end where they must not.
    private func decodingFailed(_ error: any Error) {
        let isEnd = error as? HTTPParserError == .invalidEOFState
        switch phase {
        case .idle: refuse(.decoding(error, headerLimit: configuration.maximumHeaderBytes))
        case .collecting:
            refuse(isEnd ? .bodyIncomplete : .decoding(error, headerLimit: configuration.maximumHeaderBytes))
        case .answering(let exchange) where exchange.requestHasEnded: waitingFailure = error
        case .answering(let exchange):
            exchange.keepsAlive = false
            exchange.body?.fail(isEnd ? HTTPBodyError.incomplete : .malformed)
            if exchange.isAnswered { context?.close(promise: nil) }
        case .flushing, .lingering, .closed: break
        }
    }

    // MARK: What the body says

    /// A reader waits for bytes that have not come.
    func bodyReaderWaits(sendContinue: Bool) {
        setDeadline(.body, configuration.bodyTimeout)
        if sendContinue {
            context?.writeAndFlush(wrapOutboundOut(.byteBuffer(Self.continueResponse)), promise: nil)
        }
        readIfWanted()
    }

    func bodyReaderServed() { deadline = nil }

    private static let continueResponse = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")

    // MARK: Ends

    /// Whether this answer is the connection's last one.
    func isLast(_ response: HTTPServerResponse, _ exchange: Exchange) -> Bool {
        if !exchange.keepsAlive || response.closesConnection || loop.isDraining { return true }
        guard let body = exchange.body, !body.hasEnded else { return inputHasEnded && waitingParts.isEmpty }
        // The rest of the body stands between this request and the next. A client that waits for `100 Continue` may or
        // may not send it now.
        guard let remaining = body.remaining, !body.expectsContinue else { return true }
        return remaining > configuration.drainedBodyBytes
    }

    /// The answer has been handed to the socket.
    func finish(_ exchange: Exchange, closing: Bool) {
        exchange.isAnswered = true
        exchange.task = nil
        if closing {
            closeWhenFlushed(hasUnread: !(exchange.body?.isComplete ?? true) || !waitingParts.isEmpty)
            exchange.body?.discard()
        } else if exchange.requestHasEnded {
            exchange.body?.discard()
            takeNextRequest()
        } else {
            exchange.body?.discard()
            setDeadline(.body, configuration.bodyTimeout)
            readIfWanted()
        }
    }

    private func takeNextRequest() {
        phase = .idle
        while takesParts, let part = waitingParts.popFirst() { handle(part) }
        if takesParts, let failure = waitingFailure {
            waitingFailure = nil
            decodingFailed(failure)
        }
        guard case .idle = phase else { return readIfWanted() }
        if inputHasEnded || loop.isDraining {
            context?.close(promise: nil)
        } else {
            setDeadline(.head, configuration.idleTimeout)
            readIfWanted()
        }
    }

    /// Answers in the responder's place, and closes.
    private func refuse(_ error: HTTPProtocolError) {
        guard let context else { return }
        let response = configuration.protocolError(error)
        var head = context.channel.allocator.buffer(capacity: ResponseHead.usualBytes)
        var body = ByteBuffer()
        if case .buffer(let bytes) = response.body.source { body = bytes }
        ResponseHead.write(response, .length(Int64(body.readableBytes)), .close, loop.date, into: &head)
        head.writeBuffer(&body)
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(head)), promise: nil)
        closeWhenFlushed(hasUnread: true)
    }

    private func closeWhenFlushed(hasUnread: Bool) {
        guard let context else { return }
        phase = .flushing
        waitingParts.removeAll()
        setDeadline(.write, configuration.writeTimeout)
        let flushed = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(ByteBuffer())), promise: flushed)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        flushed.futureResult.whenComplete { _ in bound.value.flushed(hasUnread: hasUnread) }
    }

    /// A socket that is closed with unread bytes in it resets the connection, and the peer may lose the answer: so it
    /// says that it is done, and reads on for a while.
    private func flushed(hasUnread: Bool) {
        guard case .flushing = phase, let context else { return }
        guard hasUnread, !inputHasEnded else { return context.close(promise: nil) }
        phase = .lingering
        setDeadline(.linger, configuration.lingerTimeout)
        context.close(mode: .output, promise: nil)
        readIfWanted()
    }

    func closeIfIdle() {
        if case .idle = phase { cut() }
    }

    /// Closes now, whatever is under way.
    func cut() { context?.close(promise: nil) }

    // MARK: Writing

    func isCurrent(_ exchange: Exchange) -> Bool {
        if case .answering(let current) = phase { current === exchange } else { false }
    }

    /// Returns when the socket takes more, or the connection has gone.
    func waitUntilWritable(_ exchange: Exchange) async {
        while isCurrent(exchange), let context, !context.channel.isWritable {
            setDeadline(.write, configuration.writeTimeout)
            await withCheckedContinuation { writableWaiter = $0 }
            if isCurrent(exchange) { deadline = nil }
        }
    }

    /// Writes and returns when it is with the socket.
    /// - Throws: where the connection has gone.
    func writeThrough(_ data: IOData, _ exchange: Exchange) async throws {
        guard isCurrent(exchange), let context else { throw ChannelError.ioOnClosedChannel }
        setDeadline(.write, configuration.writeTimeout)
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(data), promise: written)
        try await written.futureResult.get()
        if isCurrent(exchange) { deadline = nil }
    }

    private func resumeWriter() {
        guard let waiter = writableWaiter else { return }
        writableWaiter = nil
        waiter.resume()
    }

    // MARK: Time

    /// One timer serves all deadlines: it is only moved where one lies before it, since most never come.
    private func setDeadline(_ cause: Deadline, _ duration: Duration) {
        let at = NIODeadline.now() + TimeAmount(duration)
        deadline = (at, cause)
        if let timer {
            guard timer.at > at else { return }
            timer.task.cancel()
        }
        startTimer(at)
    }

    private func startTimer(_ at: NIODeadline) {
        guard let context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = (at, context.eventLoop.scheduleTask(deadline: at) { bound.value.timerFired() })
    }

    private func timerFired() {
        timer = nil
        guard let deadline else { return }
        guard deadline.at <= .now() else { return startTimer(deadline.at) }
        self.deadline = nil
        switch (deadline.cause, phase) {
        case (.body, .collecting): refuse(.bodyTimeout)
        case (.body, .answering(let exchange)) where !exchange.isAnswered:
            exchange.keepsAlive = false
            exchange.body?.fail(HTTPBodyError.timeout)
        default: cut()
        }
    }
}

/// A request and its answer.
final class Exchange {
    let method: HTTPMethod
    let version: HTTPVersion
    /// The body as it comes; `nil` where it had come before.
    let body: RequestBody?
    var keepsAlive: Bool
    var isAnswered = false
    var task: Task<Void, Never>?

    init(_ head: RequestHead, _ body: RequestBody?) {
        method = head.method
        version = head.version
        keepsAlive = head.isKeepAlive
        self.body = body
    }

    var requestHasEnded: Bool { body?.hasEnded ?? true }
}
