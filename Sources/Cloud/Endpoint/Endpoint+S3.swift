import AWSModels
import AWSWire
import Ground
import HTTPServer
import NIOCore
import NIOHTTP1
import Services

extension Endpoint {
    private static let s3Operations = Dictionary(uniqueKeysWithValues: S3.operations.map { ($0.name, $0) })

    /// Query keys that name something else than the object or bucket itself.
    private static let subresources = Set(S3.routes.flatMap(\.query).filter { !$0.contains("=") })
        .subtracting(["partNumber", "id"])

    func s3(
        _ request: HTTPServerRequest, _ target: RequestTarget, _ signature: ReadSignature,
        _ trace: inout Trace
    ) async -> HTTPServerResponse {
        trace.service = "s3"
        do {
            return try await s3Response(to: request, target, signature, &trace)
        } catch {
            let failure = Self.awsError(error, .restXML)
            if failure.status >= 500 {
                cloud.logger.error("\(failure.code): \(error)", metadata: ["request": "\(trace.requestID)"])
            }
            return s3(error: failure, request, &trace)
        }
    }

    private func s3Response(
        to request: HTTPServerRequest, _ target: RequestTarget, _ signature: ReadSignature,
        _ trace: inout Trace
    ) async throws -> HTTPServerResponse {
        let host = request.headers.first(name: "host")
        let address = try S3Address(rawPath: target.rawPath, host: host)
        let route = try s3Route(request, target, address)
        trace.operation = route
        let principal = try authenticator.authenticate(signature, request, target)
        trace.principal = principal.caller.arn ?? "anonymous"
        guard let operation = Self.s3Operations[route] else {
            guard principal.caller != .anonymous else { throw AWSError("AccessDenied", "Access Denied", status: 403) }
            throw AWSError.notImplemented("s3", route)
        }
        var wire = WireRequest(
            method: request.method, path: target.rawPath, query: target.query, headers: request.headers)
        wire.labels["Bucket"] = address.bucket
        wire.labels["Key"] = address.key
        let body = try principal.verified(request.body, request.headers)
        if operation.hasStreamingInput {
            try Self.requireLength(request.headers)
            wire.body = body
        } else {
            wire.document = try await body.collect(upTo: S3Service.documentLimit(of: route))
            try S3Service.verifyDocument(
                wire.document, operation: route, headers: request.headers, trailers: body.trailers)
        }
        let context = CallContext(
            requestID: trace.requestID, caller: principal.caller, region: principal.region ?? cloud.options.region,
            headers: request.headers, baseURL: "http://\(host ?? "localhost")")
        var call = ServerCall(request: wire, proto: .restXML, requestID: trace.requestID)
        guard try await S3Service(store: cloud.store, context: context).handle(route, &call),
            var response = call.response
        else { throw AWSError.notImplemented("s3", route) }
        if response.status == 200, response.headers.contains(name: "content-range") { response.status = 206 }
        addS3Headers(&response.headers, trace)
        return HTTPServerResponse(
            status: HTTPResponseStatus(statusCode: response.status), headers: response.headers, body: response.body)
    }

    /// The operation that a request names.
    /// - Throws: MethodNotAllowed where no route fits; AccessForbidden for CORS requests, which no bucket allows.
    private func s3Route(
        _ request: HTTPServerRequest, _ target: RequestTarget, _ address: S3Address
    ) throws(AWSError) -> String {
        if let type = target["list-type"], type != "2", address.level == .bucket, request.method == .GET {
            throw AWSError(
                "InvalidArgument", "Invalid List Type specified in Request",
                details: [("ArgumentName", "list-type"), ("ArgumentValue", type)])
        }
        let copies = request.headers.contains(name: "x-amz-copy-source")
        let subresources = target.query.filter { Self.subresources.contains($0.name) }
        for route in S3.routes
        where route.matches(request.method, address.level, query: target.query, hasCopySource: copies) {
            // A sub-resource that the method does not fit is not the object: DELETE of `?acl` must delete nothing.
            if subresources.allSatisfy({ route.query.contains($0.name) }) { return route.operation }
        }
        if request.method == .OPTIONS {
            throw AWSError("AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.", status: 403)
        }
        if request.method == .POST, address.level == .bucket {
            throw AWSError.notImplemented("s3", "PostObject")
        }
        throw AWSError(
            "MethodNotAllowed", "The specified method is not allowed against this resource.", status: 405,
            details: [("Method", request.method.rawValue), ("ResourceType", "\(address.level)".uppercased())])
    }

    /// A body must tell how long it is, or come in chunks.
    private static func requireLength(_ headers: HTTPHeaders) throws(AWSError) {
        guard headers.contains(name: "content-length") || headers.contains(name: "transfer-encoding") else {
            throw AWSError(
                "MissingContentLength", "You must provide the Content-Length HTTP header.", status: 411)
        }
    }

    func s3(error: AWSError, _ request: HTTPServerRequest, _ trace: inout Trace) -> HTTPServerResponse {
        trace.errorCode = error.code
        var response = ServerCodec.encode(
            error: error, .restXML, requestID: trace.requestID, hostID: RequestID.extended(trace.requestID),
            resource: String(request.uri.prefix { $0 != "?" }))
        addS3Headers(&response.headers, trace)
        let hasBody = request.method != .HEAD && error.status != 304
        return HTTPServerResponse(
            status: HTTPResponseStatus(statusCode: error.status), headers: response.headers,
            body: hasBody ? response.body : .empty)
    }

    private func addS3Headers(_ headers: inout HTTPHeaders, _ trace: Trace) {
        headers.add(name: "x-amz-request-id", value: trace.requestID)
        headers.add(name: "x-amz-id-2", value: RequestID.extended(trace.requestID))
        headers.add(name: "Server", value: "AmazonS3")
    }
}

extension OperationSchema {
    /// Whether the body is an object's bytes rather than a document.
    var hasStreamingInput: Bool {
        input.payloadMember.map { input.members[$0].type.kind == .stream } ?? false
    }
}
