import Ground
import NIOCore
import NIOHTTP1

/// The server's side of every wire protocol: requests become inputs, outputs and errors become answers.
public enum ServerCodec {
    /// Decodes the input of an operation. What is missing in it is the ``Validator``'s matter.
    /// - Throws: ``WireError``; `asAWSError` has AWS's words for it.
    public static func decode<Input: Shape>(
        _ operation: OperationSchema, _ request: WireRequest, _ proto: WireProtocol
    ) throws(WireError) -> Input {
        switch proto {
        case .restXML:
            var reader = HTTPMessageReader(request: request, operation)
            return try Input(from: &reader)
        case .awsJSON10, .awsJSON11:
            // Some clients send nothing for an input without members.
            guard request.document.readableBytes > 0 else { return Input() }
            var reader = JSONReader(request.document)
            let input = try Input(from: &reader)
            try reader.finish()
            return input
        case .rpcV2CBOR:
            guard request.document.readableBytes > 0 else { return Input() }
            var reader = CBORReader(request.document)
            let input = try Input(from: &reader)
            try reader.finish()
            return input
        case .awsQuery, .ec2Query:
            var reader = QueryReader(try form(request), proto == .ec2Query ? .ec2Query : .awsQuery)
            return try Input(from: &reader)
        }
    }

    /// The form of a query protocol: the body, or the query string of a GET.
    private static func form(_ request: WireRequest) throws(WireError) -> FormTree {
        guard request.document.readableBytes == 0 else {
            return try FormTree(form: request.document.readableBytesView)
        }
        return try FormTree(request.query.map { ($0.name, $0.value ?? "") })
    }

    /// Encodes the output of an operation.
    /// - Parameter requestID: stands in the answer, where the protocol has a place for it. S3's is a header which the
    ///   front door adds.
    public static func encode<Output: Shape>(
        _ operation: OperationSchema, _ output: Output, _ proto: WireProtocol, requestID: String
    ) -> WireResponse {
        switch proto {
        case .restXML:
            var writer = HTTPMessageWriter(responseOf: operation)
            output.write(to: &writer)
            var response = WireResponse(status: writer.status, headers: writer.headers, body: writer.body)
            if let type = writer.contentType, !response.headers.contains(name: "content-type") {
                response.headers.add(name: "Content-Type", value: type)
            }
            return response
        case .awsJSON10, .awsJSON11:
            var writer = JSONWriter()
            output.write(to: &writer)
            return respond(writer.bytes, proto, requestID: requestID)
        case .rpcV2CBOR:
            var writer = CBORWriter()
            output.write(to: &writer)
            return respond(writer.bytes, proto, requestID: requestID)
        case .awsQuery: return respond(queryAnswer(operation, output, requestID), proto, requestID: requestID)
        case .ec2Query: return respond(ec2Answer(operation, output, requestID), proto, requestID: requestID)
        }
    }

    /// `<OpResponse><OpResult>...</OpResult><ResponseMetadata>...</ResponseMetadata></OpResponse>`.
    private static func queryAnswer<Output: Shape>(
        _ operation: OperationSchema, _ output: Output, _ requestID: String
    ) -> [UInt8] {
        var writer = XMLWriter(milliseconds: false)
        let root = operation.outputRoot ?? operation.name + "Response"
        writer.open(root, namespace: operation.service.xmlNamespace)
        if let wrapper = operation.resultWrapper { writer.root(wrapper, namespace: nil) }
        if operation.resultWrapper != nil || !operation.output.members.isEmpty { output.write(to: &writer) }
        writer.open("ResponseMetadata")
        writer.element("RequestId", requestID)
        writer.close("ResponseMetadata")
        writer.close(root)
        return writer.bytes
    }

    /// `<OpResponse><requestId/>...</OpResponse>`; an output without members is told as `<return>true</return>`.
    private static func ec2Answer<Output: Shape>(
        _ operation: OperationSchema, _ output: Output, _ requestID: String
    ) -> [UInt8] {
        var writer = XMLWriter(milliseconds: true, defaultItemName: "item")
        let root = operation.outputRoot ?? operation.name + "Response"
        writer.declaration()
        writer.open(root, namespace: operation.service.xmlNamespace)
        writer.element("requestId", requestID)
        if operation.output.members.isEmpty {
            writer.element("return", "true")
        } else {
            output.write(to: &writer)
        }
        writer.close(root)
        return writer.bytes
    }

    static func respond(
        _ bytes: [UInt8], status: Int = 200, _ proto: WireProtocol, requestID: String
    ) -> WireResponse {
        var headers: HTTPHeaders = ["Content-Type": proto.contentType]
        if proto != .restXML { headers.add(name: "x-amzn-RequestId", value: requestID) }
        if proto == .rpcV2CBOR { headers.add(name: "smithy-protocol", value: proto.rawValue) }
        return WireResponse(status: status, headers: headers, body: ByteStream(bytes))
    }
}

extension WireProtocol {
    /// The type of an answer's body.
    var contentType: String {
        switch self {
        case .restXML: "application/xml"
        case .awsQuery: "text/xml"
        case .ec2Query: "text/xml;charset=UTF-8"
        case .awsJSON10: "application/x-amz-json-1.0"
        case .awsJSON11: "application/x-amz-json-1.1"
        case .rpcV2CBOR: "application/cbor"
        }
    }
}

extension ServiceSchema {
    /// Whether clients of awsQuery have moved to another protocol and still look for its error codes, in
    /// `x-amzn-query-error`.
    var isQueryCompatible: Bool { protocols.contains(.awsQuery) && protocols.count > 1 }
}
