import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP/1.1 server: bytes in, requests to a responder, answers out; bounded in all it holds.
public final class HTTPServer: Sendable {
    /// Where it listens: with port 0 asked for, the port that was given.
    public let localAddress: SocketAddress
    private let channel: any Channel
    private let loops: [NIOLoopBound<ConnectionLoop>]
    private let open: OpenConnections

    private init(
        localAddress: SocketAddress, channel: any Channel, loops: [NIOLoopBound<ConnectionLoop>], open: OpenConnections
    ) {
        self.localAddress = localAddress
        self.channel = channel
        self.loops = loops
        self.open = open
    }

    /// Listens on a TCP port.
    ///
    /// - Parameters:
    ///   - host: an address or a name, such as `127.0.0.1`.
    ///   - port: 0 for any free one.
    ///   - eventLoopGroup: runs the connections, and the responder. It must outlive the server.
    /// - Throws: ``HTTPServerError``, which names the port.
    public static func start(
        host: String, port: Int, configuration: Configuration = Configuration(), responder: any HTTPResponder,
        eventLoopGroup: any EventLoopGroup
    ) async throws(HTTPServerError) -> HTTPServer {
        do {
            let open = OpenConnections(limit: configuration.maximumConnections)
            var loops: [ObjectIdentifier: NIOLoopBound<ConnectionLoop>] = [:]
            for eventLoop in eventLoopGroup.makeIterator() {
                loops[ObjectIdentifier(eventLoop)] = try await eventLoop.submit {
                    NIOLoopBound(
                        ConnectionLoop(eventLoop, configuration: configuration, responder: responder, open: open),
                        eventLoop: eventLoop)
                }.get()
            }
            let channel = try await bootstrap(eventLoopGroup, loops, configuration).bind(host: host, port: port).get()
            guard let address = channel.localAddress else { throw ChannelError.unknownLocalAddress }
            return HTTPServer(localAddress: address, channel: channel, loops: Array(loops.values), open: open)
        } catch {
            throw HTTPServerError(host: host, port: port, error)
        }
    }

    private static func bootstrap(
        _ group: any EventLoopGroup, _ loops: [ObjectIdentifier: NIOLoopBound<ConnectionLoop>],
        _ configuration: Configuration
    ) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.autoRead, value: false)
            // A peer that has said all it had to say still wants its answer.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 8192, maximum: 1 << 18)
            )
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 1 << 18, high: 1 << 20))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let loop = loops[ObjectIdentifier(channel.eventLoop)] else {
                        throw ChannelError.operationUnsupported
                    }
                    let decoder = HTTPRequestDecoder(
                        leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .drop,
                        limitConfiguration: configuration.decoderLimits)
                    try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(decoder))
                    try channel.pipeline.syncOperations.addHandler(HTTPConnection(loop.value))
                }
            }
    }

    /// Stops: accepts nothing more, closes idle connections at once, lets requests that are being answered end with
    /// `Connection: close`, and cuts whatever is left after `gracePeriod` of wall time. Returns when all is closed.
    public func shutdown(gracePeriod: Duration) async {
        // It fails only where the channel is closed already.
        try? await channel.close().get()
        for loop in loops { loop.eventLoop.execute { loop.value.drain() } }
        let cut = channel.eventLoop.scheduleTask(in: TimeAmount(gracePeriod)) { [loops] in
            for loop in loops { loop.eventLoop.execute { loop.value.cut() } }
        }
        await open.allClosed()
        cut.cancel()
    }
}

/// Counts connections over all event loops.
final class OpenConnections: Sendable {
    private struct State {
        var count = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    /// Counts one more.
    /// - Returns: whether there may be that many.
    func opened() -> Bool {
        state.withLock { state in
            state.count += 1
            return state.count <= limit
        }
    }

    func closed() {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.count -= 1
            guard state.count == 0 else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when no connection is open.
    func allClosed() async {
        await withCheckedContinuation { waiter in
            let isEmpty = state.withLock { state in
                if state.count > 0 { state.waiters.append(waiter) }
                return state.count == 0
            }
            if isEmpty { waiter.resume() }
        }
    }
}

/// What the connections of one event loop share. Used on that loop only.
final class ConnectionLoop {
    let executor: EventLoopExecutor
    let configuration: HTTPServer.Configuration
    let responder: any HTTPResponder
    let date = DateHeader()
    private let open: OpenConnections
    private var connections: [ObjectIdentifier: HTTPConnection] = [:]
    private(set) var isDraining = false

    init(
        _ eventLoop: any EventLoop, configuration: HTTPServer.Configuration, responder: any HTTPResponder,
        open: OpenConnections
    ) {
        executor = EventLoopExecutor(eventLoop)
        self.configuration = configuration
        self.responder = responder
        self.open = open
    }

    /// - Returns: whether there may be that many.
    func add(_ connection: HTTPConnection) -> Bool {
        connections[ObjectIdentifier(connection)] = connection
        return open.opened()
    }

    func remove(_ connection: HTTPConnection) {
        if connections.removeValue(forKey: ObjectIdentifier(connection)) != nil { open.closed() }
    }

    /// From now on every connection ends with the answer that it is about to give.
    func drain() {
        isDraining = true
        for connection in connections.values { connection.closeIfIdle() }
    }

    func cut() {
        for connection in connections.values { connection.cut() }
    }
}
