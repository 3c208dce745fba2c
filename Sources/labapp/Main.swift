import AWSClient
import AWSModels
import Ground
import HTTPServer
import Logging
import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Reads the settings, serves until SIGTERM or SIGINT, lets what is in flight finish.
@main
enum Main {
    /// How long requests that are being answered may take to end after SIGTERM; ECS kills after 30 s.
    private static let gracePeriod = Duration.seconds(25)

    static func main() async {
        do {
            try await serve(Settings(.current))
        } catch {
            LineLogHandler.emit("labapp: \(error)")
            exit(1)
        }
    }

    private static func serve(_ settings: Settings) async throws {
        let signal = TerminationSignal()
        let logger = Logger(label: settings.appName) { label in
            LineLogHandler(label: label, logLevel: settings.logLevel)
        }
        let client = try AWSClient(
            AWSClient.Configuration(
                region: settings.region,
                timeouts: Timeouts(connect: .seconds(3), readIdle: .seconds(8), call: .seconds(25)), logger: logger))
        let hasher = HashPool()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
        let app = App(settings: settings, s3: S3Client(client), hasher: hasher, logger: logger)
        var failure: HTTPServerError?
        do {
            try await run(app, on: group, until: signal)
        } catch {
            failure = error
        }
        try await hasher.shutdown()
        try await client.shutdown()
        try await group.shutdownGracefully()
        if let failure { throw failure }
        logger.notice("stopped")
    }

    private static func run(
        _ app: App, on group: any EventLoopGroup, until signal: TerminationSignal
    ) async throws(HTTPServerError) {
        let (settings, logger) = (app.settings, app.logger)
        var configuration = HTTPServer.Configuration()
        // A client that sends too much hears so only if it is let finish: many drop an answer that comes with a close.
        configuration.drainedBodyBytes = 8 << 20
        configuration.protocolError = { error in
            AppError(status: error.status, code: "BadRequest", message: error.status.reasonPhrase).response
        }
        let server = try await HTTPServer.start(
            host: settings.host, port: settings.port, configuration: configuration, responder: app,
            eventLoopGroup: group)
        logger.notice(
            "listening",
            metadata: [
                "host": "\(settings.host)", "port": "\(server.localAddress.port ?? settings.port)",
                "bucket": "\(settings.bucket)", "region": "\(settings.region)",
            ])
        await signal.wait()
        logger.notice("stopping; what is in flight finishes")
        await server.shutdown(gracePeriod: gracePeriod)
    }
}
