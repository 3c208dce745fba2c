import Ground
import HTTPServer
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ObjectStore

/// A running Skylab: the endpoint, and what stands behind it.
public final class CloudServer: Sendable {
    public static let version = "0.1.0"
    /// The port that existing tools for local AWS expect.
    public static let standardPort = 4566

    /// How a server is started.
    public struct Options: Sendable {
        public var host: String
        /// 0 takes a free one.
        public var port: Int
        /// What `skylab env` gives to clients.
        public var region: String
        /// Whether any key and signature will do (`--open`).
        public var acceptsAnyKey: Bool
        /// The cloud clock's speed.
        public var speed: Double

        public init(host: String, port: Int, region: String, acceptsAnyKey: Bool = false, speed: Double = 1) {
            self.host = host
            self.port = port
            self.region = region
            self.acceptsAnyKey = acceptsAnyKey
            self.speed = speed
        }
    }

    private let cloud: CloudState
    private let servers: [HTTPServer]
    private let group: MultiThreadedEventLoopGroup

    public var clock: CloudClock { cloud.clock }
    public var metrics: RequestMetrics { cloud.metrics }
    public var port: Int { servers.first?.localAddress.port ?? 0 }
    public var url: String {
        "http://\(Self.isLoopback(cloud.options.host) ? "localhost" : cloud.options.host):\(port)"
    }
    public var residentMegabytes: Int? { residentMemory().map { $0 >> 20 } }

    private init(cloud: CloudState, servers: [HTTPServer], group: MultiThreadedEventLoopGroup) {
        self.cloud = cloud
        self.servers = servers
        self.group = group
    }

    /// Opens the state and listens.
    /// - Throws: ``HTTPServerError`` where the port can't be had, ``ObjectStoreError`` where the state can't be read.
    public static func start(
        _ options: Options, account: RootAccount, directory: StateDirectory, log: LogSink
    ) async throws -> CloudServer {
        let clock = CloudClock(speed: options.speed)
        let store = try ObjectStore(directory: directory.objects, clock: clock)
        let cloud = CloudState(
            options: options, account: account, directory: directory, log: log, clock: clock, store: store)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: min(System.coreCount, 8))
        let endpoint = Endpoint(cloud: cloud, authenticator: Authenticator(account: account, options: options))
        var configuration = HTTPServer.Configuration()
        configuration.protocolError = { S3ProtocolErrors.response(to: $0) }
        do {
            var servers = [
                try await HTTPServer.start(
                    host: options.host, port: options.port, configuration: configuration, responder: endpoint,
                    eventLoopGroup: group)
            ]
            // `localhost` is ::1 first for many clients. Where the system has no IPv6 they fall back.
            if options.host == "127.0.0.1", let port = servers[0].localAddress.port,
                let second = try? await HTTPServer.start(
                    host: "::1", port: port, configuration: configuration, responder: endpoint, eventLoopGroup: group)
            {
                servers.append(second)
            }
            return CloudServer(cloud: cloud, servers: servers, group: group)
        } catch {
            await store.close()
            try? await group.shutdownGracefully()
            throw error
        }
    }

    /// Stops listening, lets requests in flight finish, closes the state.
    public func shutdown(gracePeriod: Duration) async {
        await withTaskGroup(of: Void.self) { tasks in
            for server in servers { tasks.addTask { await server.shutdown(gracePeriod: gracePeriod) } }
        }
        await cloud.store.close()
        try? await group.shutdownGracefully()
    }

    /// What later commands need to know of this server.
    public func record(processID: Int32) -> ServerRecord {
        ServerRecord(
            processID: processID, port: port, url: url, region: cloud.options.region, account: cloud.account.id,
            stateDirectory: cloud.directory.path, isEphemeral: cloud.directory.isEphemeral, version: Self.version,
            started: WallClock.now)
    }

    /// Whether a text has the form of a region's name. Which regions there are is not for us to say.
    public static func isRegion(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "-") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
    }

    /// Whether an address is this machine's own.
    public static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }
}

/// What every request's handling shares.
final class CloudState: Sendable {
    let options: CloudServer.Options
    let account: RootAccount
    let directory: StateDirectory
    let log: LogSink
    let logger: Logger
    let clock: CloudClock
    let store: ObjectStore
    let metrics = RequestMetrics()

    init(
        options: CloudServer.Options, account: RootAccount, directory: StateDirectory, log: LogSink, clock: CloudClock,
        store: ObjectStore
    ) {
        self.options = options
        self.account = account
        self.directory = directory
        self.log = log
        self.clock = clock
        self.store = store
        logger = Logger(label: "skylab") { SinkLogHandler(sink: log, label: $0) }
    }
}
