import AWSModels
import AWSWire
import Ground
import NIOCore
import NIOHTTP1
import Testing

private struct Nobody: CloudWatchAPI, EC2API, ECSAPI, ELBAPI, IAMAPI, S3API, STSAPI {}

/// Takes an operation's types from dispatch and does something with them.
private protocol OperationTest: OperationCall {
    init(proto: WireProtocol, seed: UInt64)
    var problem: String? { get }
}

/// Runs a test for each operation that has shapes, in each protocol of its service.
private func forEachOperation<Test: OperationTest>(_ type: Test.Type, seeds: Range<UInt64>) async throws {
    for operation in [
        CloudWatch.operations, EC2.operations, ECS.operations, ELB.operations, IAM.operations, S3.operations,
        STS.operations,
    ].joined() {
        for proto in operation.service.protocols {
            for seed in seeds {
                var call = Test(proto: proto, seed: seed)
                let name = operation.name
                let isKnown =
                    switch operation.service.name {
                    case "cloudwatch": try await (Nobody() as any CloudWatchAPI).dispatch(name, &call)
                    case "ec2": try await (Nobody() as any EC2API).dispatch(name, &call)
                    case "ecs": try await (Nobody() as any ECSAPI).dispatch(name, &call)
                    case "elasticloadbalancing": try await (Nobody() as any ELBAPI).dispatch(name, &call)
                    case "iam": try await (Nobody() as any IAMAPI).dispatch(name, &call)
                    case "s3": try await (Nobody() as any S3API).dispatch(name, &call)
                    case "sts": try await (Nobody() as any STSAPI).dispatch(name, &call)
                    default: false
                    }
                #expect(isKnown)
                #expect(call.problem == nil, "\(operation.service.name) \(name) \(proto) seed \(seed)")
            }
        }
    }
}

func json(_ shape: some Shape) -> String {
    var writer = JSONWriter()
    shape.write(to: &writer)
    return String(decoding: writer.bytes, as: UTF8.self)
}

func buffer(_ stream: ByteStream) -> ByteBuffer {
    if case .buffer(let buffer) = stream.source { buffer } else { ByteBuffer() }
}

/// What a server makes of a client's request.
func received(_ sent: ClientRequest) throws -> WireRequest {
    var request = WireRequest(
        method: sent.method, path: sent.path, headers: sent.headers, document: buffer(sent.body), body: sent.body)
    for field in sent.query.split(separator: "&") {
        let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count > 1 ? PercentEncoding.decode(parts[1]) : nil
        request.query.append((try #require(PercentEncoding.decode(parts[0])), value))
    }
    let path = sent.path.dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    for (name, part) in zip(["Bucket", "Key"], path) { request.labels[name] = PercentEncoding.decode(part) }
    return request
}

/// A value without what protocols have no form for: an empty body is no body.
private func normal(_ json: String) -> String {
    json.replacing("\"Body\":\"\",", with: "").replacing(",\"Body\":\"\"", with: "").replacing(
        "\"Body\":\"\"", with: "")
}

@Suite struct RoundTripTests {
    private struct Inputs: OperationTest {
        let proto: WireProtocol
        let seed: UInt64
        var problem: String?

        init(proto: WireProtocol, seed: UInt64) {
            self.proto = proto
            self.seed = seed
        }

        mutating func perform<Input: Shape, Output: Shape>(
            _ operation: OperationSchema, _ body: (Input) async throws -> Output
        ) async throws {
            var random = RandomReader(seed: seed)
            let input = try Input(from: &random)
            let request = try received(ClientCodec.encode(operation, input, proto))
            let again: Input = try ServerCodec.decode(operation, request, proto)
            let (sent, got) = (normal(json(input)), normal(json(again)))
            if sent != got { problem = "\(sent)\n\(got)" }
        }
    }

    private struct Outputs: OperationTest {
        let proto: WireProtocol
        let seed: UInt64
        var problem: String?

        init(proto: WireProtocol, seed: UInt64) {
            self.proto = proto
            self.seed = seed
        }

        mutating func perform<Input: Shape, Output: Shape>(
            _ operation: OperationSchema, _ body: (Input) async throws -> Output
        ) async throws {
            var random = RandomReader(seed: seed)
            let output = try Output(from: &random)
            let response = ServerCodec.encode(operation, output, proto, requestID: "id")
            let again: Output = try ClientCodec.decode(
                operation, proto, status: response.status, headers: response.headers,
                document: buffer(response.body), body: response.body)
            let (sent, got) = (normal(json(output)), normal(json(again)))
            if sent != got { problem = "\(sent)\n\(got)" }
        }
    }

    /// Documents of every operation, cut at every byte and with bytes changed: they are refused or read, and nothing else.
    private struct BrokenInputs: OperationTest {
        let proto: WireProtocol
        let seed: UInt64
        var problem: String?

        init(proto: WireProtocol, seed: UInt64) {
            self.proto = proto
            self.seed = seed
        }

        mutating func perform<Input: Shape, Output: Shape>(
            _ operation: OperationSchema, _ body: (Input) async throws -> Output
        ) async throws {
            var random = RandomReader(seed: seed)
            let input = try Input(from: &random)
            let request = try received(ClientCodec.encode(operation, input, proto))
            let bytes = Array(request.document.readableBytesView)
            var generator = SeededGenerator(seed: seed)
            for length in stride(from: 1, to: bytes.count, by: max(1, bytes.count / 60)) {
                var cut = request
                cut.document = ByteBuffer(bytes: bytes[..<length])
                let result = Result { try ServerCodec.decode(operation, cut, proto) as Input }
                // Half a form is a form; half of any other document is none.
                let isForm = proto == .awsQuery || proto == .ec2Query
                let isDocument =
                    proto != .restXML
                    || operation.input.payloadMember.map { operation.input.members[$0].type.kind == .structure } ?? true
                if !isForm, isDocument, case .success = result { problem = "cut at \(length)" }
                var changed = bytes
                changed[.random(in: 0..<bytes.count, using: &generator)] = .random(in: .min ... .max, using: &generator)
                cut.document = ByteBuffer(bytes: changed)
                _ = Result { try ServerCodec.decode(operation, cut, proto) as Input }
            }
        }
    }

    @Test func inputsComeThroughEveryProtocol() async throws {
        try await forEachOperation(Inputs.self, seeds: 0..<40)
    }

    @Test func outputsComeThroughEveryProtocol() async throws {
        try await forEachOperation(Outputs.self, seeds: 0..<40)
    }

    @Test func brokenDocumentsAreRefused() async throws {
        try await forEachOperation(BrokenInputs.self, seeds: 0..<3)
    }

    @Test func randomBytesNeverCrashAReader() {
        var generator = SeededGenerator(seed: 1)
        let words =
            Array("{}[]\":,<>/!?&;=%.0123456789abcNaN\u{0}\u{FF}".utf8) + [0xBF, 0xFF, 0xC1, 0xA1, 0x9F, 0x7F, 0x5F]
        for _ in 0..<20_000 {
            let isText = Bool.random(using: &generator)
            let bytes = (0..<Int.random(in: 0..<60, using: &generator)).map { _ -> UInt8 in
                isText ? words.randomElement(using: &generator) ?? 0 : .random(in: .min ... .max, using: &generator)
            }
            let request = WireRequest(method: .POST, document: ByteBuffer(bytes: bytes))
            for proto in CloudWatch.service.protocols {
                _ = Result {
                    try ServerCodec.decode(CloudWatch.putMetricData, request, proto) as CloudWatch.PutMetricDataInput
                }
            }
            _ = Result { try ServerCodec.decode(S3.deleteObjects, request, .restXML) as S3.DeleteObjectsRequest }
            _ = Result {
                try ServerCodec.decode(EC2.authorizeSecurityGroupIngress, request, .ec2Query)
                    as EC2.AuthorizeSecurityGroupIngressRequest
            }
            _ = ClientCodec.decodeError(S3.getObject, status: 400, headers: [:], document: request.document)
        }
    }
}
