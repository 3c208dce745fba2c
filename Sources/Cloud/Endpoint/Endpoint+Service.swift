import AWSModels
import AWSWire
import Ground
import HTTPServer
import NIOCore
import NIOHTTP1
import Services

extension Endpoint {
    /// A request to a service of documents: awsQuery, ec2Query, awsJson or rpcv2Cbor.
    func service(
        _ entry: ServiceEntry, _ proto: WireProtocol, _ operation: String?, _ request: HTTPServerRequest,
        _ target: RequestTarget, _ signature: ReadSignature, _ collected: ByteBuffer?,
        _ trace: inout Trace
    ) async -> HTTPServerResponse {
        trace.requestID = RequestID.uuid()
        trace.service = entry.schema.name
        trace.operation = operation ?? ""
        do {
            let document: ByteBuffer
            if let collected {
                document = collected
            } else {
                document = try await request.body.collect(upTo: ServiceLimits.document)
            }
            let principal = try authenticator.authenticate(
                signature, request, target, document: document, service: entry.schema)
            trace.principal = principal.caller.arn ?? "anonymous"
            guard let operation, entry.allOperations.contains(operation) else {
                throw Self.unknownOperation(operation, entry.schema, proto)
            }
            var wire = WireRequest(
                method: request.method, path: target.rawPath, query: target.query, headers: request.headers)
            wire.document = document
            let context = CallContext(
                requestID: trace.requestID, caller: principal.caller, region: principal.region ?? cloud.options.region,
                headers: request.headers, baseURL: "http://\(request.headers.first(name: "host") ?? "localhost")")
            var call = ServerCall(request: wire, proto: proto, requestID: trace.requestID)
            guard try await dispatch(entry, operation, context, &call), let response = call.response else {
                throw AWSError.notImplemented(entry.schema.name, operation)
            }
            return HTTPServerResponse(
                status: HTTPResponseStatus(statusCode: response.status), headers: response.headers, body: response.body)
        } catch {
            let failure = Self.awsError(error, proto)
            if failure.status == 500 {
                cloud.logger.error("\(failure.code): \(error)", metadata: ["request": "\(trace.requestID)"])
            }
            return service(error: failure, proto, entry.schema, request, &trace)
        }
    }

    private func dispatch(
        _ entry: ServiceEntry, _ operation: String, _ context: CallContext, _ call: inout ServerCall
    ) async throws -> Bool {
        switch entry.schema.name {
        case STS.service.name: try await STSService(context: context).dispatch(operation, &call)
        default: false
        }
    }

    func service(
        error: AWSError, _ proto: WireProtocol, _ service: ServiceSchema?, _ request: HTTPServerRequest,
        _ trace: inout Trace
    ) -> HTTPServerResponse {
        trace.errorCode = error.code
        let response = ServerCodec.encode(error: error, proto, service: service, requestID: trace.requestID)
        return HTTPServerResponse(
            status: HTTPResponseStatus(statusCode: response.status), headers: response.headers, body: response.body)
    }

    /// An operation that the model does not name, in the words of each protocol.
    private static func unknownOperation(_ name: String?, _ service: ServiceSchema, _ proto: WireProtocol) -> AWSError {
        switch proto {
        case .awsJSON10, .awsJSON11, .rpcV2CBOR:
            AWSError(
                "UnknownOperationException", name.map { "The operation \($0) is unknown." } ?? "No operation is named.")
        case .awsQuery, .ec2Query, .restXML:
            AWSError(
                name == nil ? "MissingAction" : "InvalidAction",
                name.map { "The action \($0) is not valid for this web service." } ?? "The request names no action.")
        }
    }
}
