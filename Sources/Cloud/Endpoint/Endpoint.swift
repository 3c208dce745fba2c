import AWSModels
import AWSWire
import Ground
import HTTPServer
import Logging
import NIOCore
import NIOHTTP1
import ObjectStore
import Services

/// The one door: tells services apart, authenticates, hands on, and turns what happened into an answer, a log line and a
/// count. Nothing else writes to the wire.
final class Endpoint: HTTPResponder {
    let cloud: CloudState
    let authenticator: Authenticator

    init(cloud: CloudState, authenticator: Authenticator) {
        self.cloud = cloud
        self.authenticator = authenticator
    }

    /// What a request turned out to be, for its log line.
    struct Trace {
        var requestID: String
        var service = ""
        var operation = ""
        var principal = ""
        var errorCode: String?
    }

    func respond(to request: HTTPServerRequest) async -> HTTPServerResponse {
        let started = ContinuousClock.now
        var trace = Trace(requestID: RequestID.s3())
        let response: HTTPServerResponse
        if let target = RequestTarget(request.uri) {
            response = await respond(to: request, target, &trace)
        } else {
            trace.service = "s3"
            response = s3(
                error: AWSError("InvalidURI", "Couldn't parse the specified URI.", details: [("URI", request.uri)]),
                request, &trace)
        }
        let record = RequestRecord(
            time: WallClock.now, requestID: trace.requestID, service: trace.service, operation: trace.operation,
            principal: trace.principal, status: Int(response.status.code), errorCode: trace.errorCode,
            duration: started.duration(to: .now), bytes: response.body.length ?? 0, path: Self.loggable(request.uri))
        cloud.metrics.count(record)
        cloud.log.write(record.line)
        return response
    }

    /// A request target without what would let its reader send it again: whoever has a presigned URL has its rights.
    private static func loggable(_ uri: String) -> String {
        guard uri.contains("X-Amz-"), let mark = uri.firstIndex(of: "?") else { return uri }
        let items = uri[uri.index(after: mark)...].split(separator: "&").map { item in
            item.hasPrefix("X-Amz-Signature=") || item.hasPrefix("X-Amz-Security-Token=")
                ? item.prefix { $0 != "=" } + "=..." : item
        }
        return uri[...mark] + items.joined(separator: "&")
    }

    private func respond(
        to request: HTTPServerRequest, _ target: RequestTarget, _ trace: inout Trace
    ) async -> HTTPServerResponse {
        let signature = Authenticator.parse(request, target)
        let scope = (try? signature.get())?.scope.service
        var document: ByteBuffer?
        var form: Form?
        // A form is small and tells by its fields what it asks, so it is read before anything is decided.
        if request.method == .POST, target.rawPath == "/",
            request.headers.first(name: "content-type")?.hasPrefix("application/x-www-form-urlencoded") == true
        {
            do {
                let body = try await request.body.collect(upTo: ServiceLimits.document)
                document = body
                form = Form(String(buffer: body))
            } catch {
                trace.service = scope ?? ""
                let failure = Self.awsError(error, .awsQuery)
                return service(error: failure, .awsQuery, nil, request, &trace)
            }
        }
        switch ServiceRouter.kind(of: request, target: target, scope: scope, form: form) {
        case .admin: return await admin(request, target, &trace)
        case .s3: return await s3(request, target, signature, &trace)
        case .service(let entry, let proto, let operation):
            return await service(entry, proto, operation, request, target, signature, document, &trace)
        case .unknownService(let name, let proto):
            trace.service = name
            return service(
                error: AWSError("NotImplemented", "The service \(name) is not part of Skylab.", status: 501), proto,
                nil,
                request, &trace)
        }
    }

    /// Any error as AWS tells it.
    static func awsError(_ error: any Error, _ proto: WireProtocol) -> AWSError {
        switch error {
        case let error as AWSError: error
        case let error as WireError: error.asAWSError(proto)
        case let error as SignatureError: error.asAWSError(proto)
        case HTTPBodyError.incomplete:
            AWSError(
                "IncompleteBody",
                "You did not provide the number of bytes specified by the Content-Length HTTP header")
        case HTTPBodyError.timeout:
            AWSError(
                "RequestTimeout",
                "Your socket connection to the server was not read from or written to within the timeout period. Idle "
                    + "connections will be closed.")
        case HTTPBodyError.malformed: AWSError("InvalidRequest", "The chunked framing of the body is broken.")
        case is ByteStream.TooLong:
            proto == .restXML
                ? AWSError("MaxMessageLengthExceeded", "Your request was too big.")
                : AWSError("RequestEntityTooLarge", "The request's body is larger than is accepted.", status: 413)
        case is CancellationError: AWSError("RequestTimeout", "The connection was closed.")
        default: AWSError("InternalError", "We encountered an internal error. Please try again.", status: 500)
        }
    }
}

/// Bounds of what services other than S3 take.
enum ServiceLimits {
    static let document = 10 << 20
}
