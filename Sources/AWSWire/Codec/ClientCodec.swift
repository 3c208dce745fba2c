import Ground
import NIOCore
import NIOHTTP1

/// The client's side of every wire protocol: inputs become requests, answers become outputs and errors.
public enum ClientCodec {
    /// Encodes the input of an operation. Idempotency tokens that are missing are filled in.
    /// - Parameter proto: `nil` for what the service prefers.
    /// - Throws: ``WireError/mistyped(member:expected:)`` where a part of the path is missing.
    public static func encode<Input: Shape>(
        _ operation: OperationSchema, _ input: Input, _ proto: WireProtocol? = nil
    ) throws(WireError) -> ClientRequest {
        let service = operation.service
        let proto = proto ?? service.preferredProtocol
        switch proto {
        case .restXML: return try restXML(operation, input)
        case .awsJSON10, .awsJSON11:
            return post(
                write(input, JSONWriter()).bytes, service,
                [
                    "X-Amz-Target": "\(service.targetPrefix ?? service.name).\(operation.name)",
                    "Content-Type": proto.contentType,
                ])
        case .rpcV2CBOR:
            return post(
                write(input, CBORWriter()).bytes, service,
                [
                    "smithy-protocol": proto.rawValue, "Accept": proto.contentType, "Content-Type": proto.contentType,
                ],
                path: "/service/\(service.targetPrefix ?? service.name)/operation/\(operation.name)")
        case .awsQuery, .ec2Query:
            let writer = QueryWriter(
                proto == .ec2Query ? .ec2Query : .awsQuery, action: operation.name, version: service.apiVersion)
            var request = post(
                write(input, writer).bytes, service,
                ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"])
            request.headers.remove(name: "x-amzn-query-mode")
            return request
        }
    }

    private static func restXML<Input: Shape>(
        _ operation: OperationSchema, _ input: Input
    ) throws(WireError) -> ClientRequest {
        let writer = write(input, HTTPMessageWriter(requestOf: operation))
        let (path, query) = try URITemplate.expand(operation.requestURI, labels: writer.labels, query: writer.query)
        var headers = writer.headers
        if let type = writer.contentType, !headers.contains(name: "content-type") {
            headers.add(name: "Content-Type", value: type)
        }
        return ClientRequest(method: operation.method, path: path, query: query, headers: headers, body: writer.body)
    }

    private static func post(
        _ bytes: [UInt8], _ service: ServiceSchema, _ headers: HTTPHeaders, path: String = "/"
    ) -> ClientRequest {
        var headers = headers
        if service.isQueryCompatible { headers.add(name: "x-amzn-query-mode", value: "true") }
        return ClientRequest(method: .POST, path: path, headers: headers, body: ByteStream(bytes))
    }

    private static func write<Input: Shape, Writer: ShapeWriter>(_ input: Input, _ writer: Writer) -> Writer {
        guard let token = Input.schema.members.firstIndex(where: { $0.traits.contains(.idempotencyToken) }) else {
            var writer = writer
            input.write(to: &writer)
            return writer
        }
        var filling = TokenFillingWriter(writer, token: token)
        input.write(to: &filling)
        return filling.base
    }

    /// Whether the output's body is a stream, which ``decode(_:_:status:headers:document:body:)`` passes through.
    public static func streams(_ operation: OperationSchema) -> Bool {
        operation.output.payloadMember.map { operation.output.members[$0].type.kind == .stream } ?? false
    }

    /// Decodes the output of an operation from an answer of success.
    /// - Parameters:
    ///   - document: the whole body, where the output does not stream.
    ///   - body: the body, where the output streams.
    /// - Throws: ``WireError`` where the answer is none of the operation's.
    public static func decode<Output: Shape>(
        _ operation: OperationSchema, _ proto: WireProtocol? = nil, status: Int, headers: HTTPHeaders,
        document: ByteBuffer = ByteBuffer(), body: ByteStream = .empty
    ) throws(WireError) -> Output {
        let isEmpty = document.readableBytes == 0
        switch proto ?? operation.service.preferredProtocol {
        case .restXML:
            var reader = HTTPMessageReader(
                status: status, headers: headers, document: document, body: body, operation)
            return try Output(from: &reader)
        case .awsJSON10, .awsJSON11:
            guard !isEmpty else { return Output() }
            var reader = JSONReader(document)
            return try Output(from: &reader)
        case .rpcV2CBOR:
            guard !isEmpty else { return Output() }
            var reader = CBORReader(document)
            return try Output(from: &reader)
        case .awsQuery, .ec2Query:
            guard !isEmpty else { return Output() }
            let parsed = try XMLParser.parse(Array(document.readableBytesView))
            var start = parsed.root
            if let wrapper = operation.resultWrapper {
                guard let result = parsed.child(wrapper, of: start) else {
                    throw .malformed("no '\(wrapper)' in the answer")
                }
                start = result
            }
            var reader = XMLReader(parsed, at: start)
            return try Output(from: &reader)
        }
    }
}
