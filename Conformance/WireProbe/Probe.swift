import AWSModels
import AWSWire
import Ground
import NIOCore
import NIOHTTP1

/// Nobody implements these operations: what counts is their types, which dispatch hands over.
private struct Nobody: CloudWatchAPI, EC2API, ECSAPI, ELBAPI, IAMAPI, S3API, STSAPI {}

/// Answers questions about the codecs.
struct Probe {
    private static let services = [
        CloudWatch.operations, EC2.operations, ECS.operations, ELB.operations, IAM.operations, S3.operations,
        STS.operations,
    ]

    func answer(_ line: String) async -> ProbeAnswer {
        var answer = ProbeAnswer()
        do {
            var reader = JSONReader(Array(line.utf8))
            let question = try ProbeQuestion(from: &reader)
            switch question.kind {
            case "list":
                answer.operations = Self.services.joined().flatMap { operation in
                    operation.service.protocols.map { "\(operation.service.name) \(operation.name) \($0.rawValue)" }
                }
            default:
                var call = ProbeCall(question: question)
                guard try await dispatch(question, &call) else { throw AWSError("Unknown", "unknown operation") }
                answer = call.answer
            }
        } catch {
            answer.failure = "\(error)"
        }
        return answer
    }

    private func dispatch(_ question: ProbeQuestion, _ call: inout ProbeCall) async throws -> Bool {
        let operation = question.operation ?? ""
        return switch question.service {
        case "cloudwatch": try await (Nobody() as any CloudWatchAPI).dispatch(operation, &call)
        case "ec2": try await (Nobody() as any EC2API).dispatch(operation, &call)
        case "ecs": try await (Nobody() as any ECSAPI).dispatch(operation, &call)
        case "elasticloadbalancing": try await (Nobody() as any ELBAPI).dispatch(operation, &call)
        case "iam": try await (Nobody() as any IAMAPI).dispatch(operation, &call)
        case "s3": try await (Nobody() as any S3API).dispatch(operation, &call)
        case "sts": try await (Nobody() as any STSAPI).dispatch(operation, &call)
        default: false
        }
    }
}

/// One question about one operation.
private struct ProbeCall: OperationCall {
    let question: ProbeQuestion
    var answer = ProbeAnswer()

    init(question: ProbeQuestion) { self.question = question }

    mutating func perform<Input: Shape, Output: Shape>(
        _ operation: OperationSchema, _ body: (Input) async throws -> Output
    ) async throws {
        guard let proto = WireProtocol(rawValue: question.wireProtocol ?? "") else {
            throw AWSError("Unknown", "unknown protocol")
        }
        switch question.kind {
        case "decode":
            let input: Input = try ServerCodec.decode(operation, request(operation), proto)
            // The client's codec must make a request that means the same.
            let encoded = try ClientCodec.encode(operation, input, proto)
            let again: Input = try ServerCodec.decode(operation, Self.request(encoded, operation), proto)
            guard Self.json(again) == Self.json(input) else {
                throw AWSError("Client", "\(encoded) means \(Self.json(again))")
            }
            answer.document = Self.json(input)
        case "encode":
            var reader = JSONReader(Array((question.document ?? "").utf8))
            let output = try Output(from: &reader)
            let response = ServerCodec.encode(operation, output, proto, requestID: "REQUEST-ID")
            try answer(response)
            // The client's codec must read it as botocore does.
            let again: Output = try ClientCodec.decode(
                operation, proto, status: response.status, headers: response.headers, document: bytes(response.body),
                body: response.body)
            answer.document = Self.json(again)
        case "error":
            let error = AWSError(
                question.code ?? "", question.message ?? "", status: question.status ?? 400,
                details: (question.details ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
            let response = ServerCodec.encode(
                error: error, proto, operation: operation, requestID: "REQUEST-ID", hostID: "HOST-ID")
            try answer(response)
            let again = ClientCodec.decodeError(
                operation, proto, status: response.status, headers: response.headers, document: try bytes(response.body)
            )
            answer.document = "\(again.code)\n\(again.message)\n\(again.requestID ?? "")"
        case "validate":
            var reader = JSONReader(Array((question.document ?? "").utf8))
            answer.document = Validator.check(try Input(from: &reader)) ?? ""
        default: throw AWSError("Unknown", "unknown kind")
        }
    }

    private func request(_ operation: OperationSchema) throws -> WireRequest {
        let path = question.path ?? "/"
        var request = WireRequest(
            method: HTTPMethod(rawValue: question.method ?? "POST"), path: path,
            query: (question.query ?? [:]).map { ($0.key, $0.value) },
            headers: HTTPHeaders((question.headers ?? [:]).map { ($0.key, $0.value) }))
        request.document = ByteBuffer(bytes: question.body?.bytes ?? [])
        request.body = ByteStream(question.body?.bytes ?? [])
        request.labels = try Self.labels(path, operation)
        return request
    }

    /// What the server would make of a client's request.
    private static func request(_ sent: ClientRequest, _ operation: OperationSchema) throws -> WireRequest {
        var request = WireRequest(method: sent.method, path: sent.path, headers: sent.headers)
        for field in sent.query.split(separator: "&") {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(parts[0]) else { throw WireError.malformed("query") }
            request.query.append((name, parts.count > 1 ? PercentEncoding.decode(parts[1]) : nil))
        }
        request.body = sent.body
        if case .buffer(let buffer) = sent.body.source { request.document = buffer }
        request.labels = try labels(sent.path, operation)
        return request
    }

    /// S3's path: `/bucket/key`.
    private static func labels(_ path: String, _ operation: OperationSchema) throws -> [String: String] {
        let parts = path.dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var labels: [String: String] = [:]
        for (name, part) in zip(["Bucket", "Key"], parts) {
            guard let value = PercentEncoding.decode(part) else { throw WireError.malformed("path") }
            labels[name] = value
        }
        return labels
    }

    private mutating func answer(_ response: WireResponse) throws {
        answer.status = response.status
        answer.headers = Dictionary(response.headers.map { ($0.name.lowercased(), $0.value) }) { "\($0), \($1)" }
        answer.body = Blob(Array(try bytes(response.body).readableBytesView))
    }

    private func bytes(_ stream: ByteStream) throws -> ByteBuffer {
        guard case .buffer(let buffer) = stream.source else { throw WireError.malformed("a stream not in memory") }
        return buffer
    }

    private static func json(_ shape: some Shape) -> String {
        var writer = JSONWriter()
        shape.write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
