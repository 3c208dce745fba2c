import Ground
import NIOCore
import NIOHTTP1

extension ServerCodec {
    /// Encodes an error. That an answer to HEAD has no body is the front door's matter.
    /// - Parameters:
    ///   - service: what was asked; `nil` where that did not become clear.
    ///   - operation: names the errors whose code differs between protocols.
    ///   - hostID: S3's second request id.
    ///   - resource: S3's `<Resource>`: the path that was asked for.
    public static func encode(
        error: AWSError, _ proto: WireProtocol, service: ServiceSchema? = nil, operation: OperationSchema? = nil,
        requestID: String, hostID: String? = nil, resource: String? = nil
    ) -> WireResponse {
        let schema = operation?.errors.first { $0.shape == error.code || $0.code == error.code }
        let shape = schema?.shape ?? error.code
        let code = schema?.code ?? error.code
        let service = service ?? operation?.service
        let body: [UInt8]
        switch proto {
        case .restXML: body = restXML(error, requestID: requestID, hostID: hostID, resource: resource)
        case .awsQuery: body = awsQuery(error, code, service, requestID)
        case .ec2Query: body = ec2Query(error, code, requestID)
        case .awsJSON10, .awsJSON11: body = fields(error, type: shape, JSONWriter()) { $0.bytes }
        case .rpcV2CBOR:
            let namespace = service?.targetPrefix.map { "com.amazonaws.\($0.lowercased())#" } ?? ""
            body = fields(error, type: namespace + shape, CBORWriter()) { $0.bytes }
        }
        var response = respond(body, status: error.status, proto, requestID: requestID)
        if proto == .awsJSON10 || proto == .awsJSON11 { response.headers.add(name: "x-amzn-ErrorType", value: shape) }
        if proto != .awsQuery, service?.isQueryCompatible ?? false {
            let fault = error.isSenderFault ? "Sender" : "Receiver"
            response.headers.add(name: "x-amzn-query-error", value: "\(code);\(fault)")
        }
        response.headers.add(contentsOf: error.headers)
        return response
    }

    private static func restXML(
        _ error: AWSError, requestID: String, hostID: String?, resource: String?
    ) -> [UInt8] {
        var writer = XMLWriter(milliseconds: true)
        writer.declaration()
        writer.open("Error")
        writer.element("Code", error.code)
        writer.element("Message", readable(error.message))
        for detail in error.details { writer.element(detail.name, readable(detail.value)) }
        if let resource { writer.element("Resource", readable(resource)) }
        writer.element("RequestId", requestID)
        if let hostID { writer.element("HostId", hostID) }
        writer.close("Error")
        return writer.bytes
    }

    /// Text without the control characters that XML 1.0 has no place for: an error that a client's parser refuses tells
    /// it nothing, and the text is only there to be read.
    private static func readable(_ text: String) -> String {
        func isHeld(_ scalar: Unicode.Scalar) -> Bool {
            scalar.value >= 0x20 || scalar == "\t" || scalar == "\n" || scalar == "\r"
        }
        guard !text.unicodeScalars.allSatisfy(isHeld) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isHeld($0) ? $0 : "\u{FFFD}" }))
    }

    private static func awsQuery(
        _ error: AWSError, _ code: String, _ service: ServiceSchema?, _ requestID: String
    ) -> [UInt8] {
        var writer = XMLWriter(milliseconds: false)
        writer.open("ErrorResponse", namespace: service?.xmlNamespace)
        writer.open("Error")
        writer.element("Type", error.isSenderFault ? "Sender" : "Receiver")
        writer.element("Code", code)
        writer.element("Message", error.message)
        for detail in error.details { writer.element(detail.name, detail.value) }
        writer.close("Error")
        writer.element("RequestId", requestID)
        writer.close("ErrorResponse")
        return writer.bytes
    }

    private static func ec2Query(_ error: AWSError, _ code: String, _ requestID: String) -> [UInt8] {
        var writer = XMLWriter(milliseconds: true)
        writer.declaration()
        writer.open("Response")
        writer.open("Errors")
        writer.open("Error")
        writer.element("Code", code)
        writer.element("Message", error.message)
        for detail in error.details { writer.element(detail.name, detail.value) }
        writer.close("Error")
        writer.close("Errors")
        writer.element("RequestID", requestID)
        writer.close("Response")
        return writer.bytes
    }

    /// An error as a map: awsJson and rpcv2Cbor.
    private static func fields<Writer: ShapeWriter>(
        _ error: AWSError, type: String, _ writer: Writer, _ bytes: (Writer) -> [UInt8]
    ) -> [UInt8] {
        var writer = writer
        let fields = [("__type", type), ("message", error.message)] + error.details.map { ($0.name, $0.value) }
        writer.beginMap(count: fields.count)
        for (name, value) in fields {
            writer.key(name)
            writer.string(value)
        }
        writer.endMap()
        return bytes(writer)
    }
}

extension WireError {
    /// AWS's error for a request that could not be read.
    public func asAWSError(_ proto: WireProtocol) -> AWSError {
        switch proto {
        case .restXML: restXMLError
        case .awsJSON10, .awsJSON11, .rpcV2CBOR: AWSError("SerializationException", message)
        case .awsQuery, .ec2Query:
            switch self {
            case .malformed: AWSError("MalformedQueryString", message)
            case .mistyped: AWSError(proto == .ec2Query ? "InvalidParameterValue" : "MalformedInput", message)
            case .tooLarge: AWSError("MalformedInput", message)
            }
        }
    }

    /// S3 tells a bad header or query member by its name, and any bad document in one sentence.
    private var restXMLError: AWSError {
        switch self {
        case .malformed, .tooLarge:
            return AWSError(
                "MalformedXML",
                "The XML you provided was not well-formed or did not validate against our published schema")
        case .mistyped("partNumber", _):
            return AWSError(
                "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive",
                details: [("ArgumentName", "partNumber")])
        case .mistyped(let member, let expected):
            let message =
                expected == "an Integer"
                ? "Provided \(member) not an integer or within integer range" : "Provided \(member) is not \(expected)"
            return AWSError("InvalidArgument", message, details: [("ArgumentName", member)])
        }
    }

    private var message: String {
        switch self {
        case .malformed(let what): "The request could not be read: \(what)"
        case .mistyped(let member, let expected):
            member.isEmpty
                ? "The request is not \(expected)" : "The value of '\(member)' can not be converted to \(expected)"
        case .tooLarge(let what): "The request is too large: \(what)"
        }
    }
}
