import AWSModels
import Ground
import HTTPServer
import Logging
import NIOHTTP1

/// The service: settings, the bucket, and an endpoint for each path.
struct App: HTTPResponder {
    let settings: Settings
    let s3: any S3API
    let hasher: HashPool
    let logger: Logger

    /// What a path answers to, by method.
    private enum Endpoint {
        case index, health, info, readText, writeText, readRawText, list, listVersions, deleteObject, work, hash
    }

    private static let paths: [String: [String: Endpoint]] = [
        "/": ["GET": .index],
        "/healthz": ["GET": .health],
        "/info": ["GET": .info],
        "/text": ["GET": .readRawText, "POST": .writeText],
        "/list": ["GET": .list],
        "/list-versions": ["GET": .listVersions],
        "/work": ["GET": .work],
        "/hash": ["GET": .hash, "POST": .hash],
    ]
    /// Paths that end in a key.
    private static let keyPaths: [(prefix: String, methods: [String: Endpoint])] = [
        ("/text/", ["GET": .readText]), ("/object/", ["DELETE": .deleteObject]),
    ]

    func respond(to request: HTTPServerRequest) async -> HTTPServerResponse {
        let start = ContinuousClock.now
        var response: HTTPServerResponse
        do {
            response = try await answer(request)
        } catch {
            let appError = AppError(error)
            response = appError.response
            if appError.status.code >= 500 {
                logger.error("\(request.method.rawValue) failed", metadata: ["error": "\(error)"])
            }
        }
        response.headers.replaceOrAdd(name: "Server", value: settings.appName)
        log(request, response, took: ContinuousClock.now - start)
        return response
    }

    private func answer(_ request: HTTPServerRequest) async throws -> HTTPServerResponse {
        let path = String(request.uri.prefix { $0 != "?" })
        let methods = Self.paths[path] ?? Self.keyPaths.first { path.hasPrefix($0.prefix) }?.methods
        guard let methods else {
            throw AppError(status: .notFound, code: "NotFound", message: "there is no such path")
        }
        guard let endpoint = methods[request.method == .HEAD ? "GET" : request.method.rawValue] else {
            var allowed = Array(methods.keys)
            if methods["GET"] != nil { allowed.append("HEAD") }
            throw AppError(
                status: .methodNotAllowed, code: "MethodNotAllowed",
                message: "\(request.method.rawValue) is not allowed here",
                headers: ["Allow": allowed.sorted().joined(separator: ", ")])
        }
        let request = try AppRequest(request)
        return switch endpoint {
        case .index: index()
        case .health: health()
        case .info: info()
        case .readText: try await readText(request)
        case .writeText: try await writeText(request)
        case .readRawText: try await readRawText(request)
        case .list: try await list(request)
        case .listVersions: try await listVersions(request)
        case .deleteObject: try await deleteObject(request)
        case .work: try await work(request)
        case .hash: try await hash(request)
        }
    }

    /// One line a request. The query is left out: it may hold what somebody wants hashed and not told.
    private func log(_ request: HTTPServerRequest, _ response: HTTPServerResponse, took duration: Duration) {
        // A load balancer asks every few seconds, and nobody reads that it did.
        let level: Logger.Level = request.uri == "/healthz" ? .debug : .info
        guard logger.logLevel <= level else { return }
        logger.log(
            level: level,
            "\(request.method.rawValue) \(request.uri.prefix { $0 != "?" }.prefix(256))",
            metadata: [
                "status": "\(response.status.code)", "ms": "\(duration.milliseconds)",
                "bytes": "\(response.body.length.map(String.init) ?? "-")",
                "from": "\(request.remoteAddress?.ipAddress ?? "-")",
            ])
    }
}

extension Duration {
    /// Milliseconds, to the microsecond.
    var milliseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds * 1_000_000 + attoseconds / 1_000_000_000_000) / 1000
    }
}
