import Ground
import NIOCore
import NIOHTTP1

extension ClientCodec {
    /// Decodes an answer that tells an error. It never fails: what has no form of the protocol (a proxy's page, an empty
    /// body) is told by its status.
    public static func decodeError(
        _ operation: OperationSchema, _ proto: WireProtocol? = nil, status: Int, headers: HTTPHeaders,
        document: ByteBuffer
    ) -> AWSError {
        let proto = proto ?? operation.service.preferredProtocol
        var error = AWSError("", "", status: status)
        for header in ["x-amzn-requestid", "x-amz-request-id"] where error.requestID == nil {
            error.requestID = headers.first(name: header)
        }
        error.headers = headers
        let bytes = Array(document.readableBytesView)
        switch proto {
        case .restXML, .awsQuery, .ec2Query: readXML(bytes, into: &error)
        case .awsJSON10, .awsJSON11:
            error.code = headers.first(name: "x-amzn-errortype").map(code) ?? ""
            read(JSONReader(bytes), into: &error) { reader throws(WireError) in try reader.anyScalar() }
        case .rpcV2CBOR:
            read(CBORReader(bytes), into: &error) { reader throws(WireError) in try reader.anyScalar() }
        }
        readQueryError(headers, into: &error)
        let reason = HTTPResponseStatus(statusCode: status).reasonPhrase
        if error.code.isEmpty { error.code = reason.filter { $0 != " " && $0 != "-" } }
        if error.message.isEmpty { error.message = reason }
        return error
    }

    /// The code of `com.amazonaws.ecs#ClusterNotFoundException:http://...`.
    private static func code(_ type: String) -> String {
        let type = type.prefix { $0 != ":" }
        return String(type.lastIndex(of: "#").map { type[type.index(after: $0)...] } ?? type)
    }

    /// `x-amzn-query-error: Code;Sender`: the code that awsQuery had for the error.
    private static func readQueryError(_ headers: HTTPHeaders, into error: inout AWSError) {
        guard let value = headers.first(name: "x-amzn-query-error") else { return }
        let parts = value.split(separator: ";", omittingEmptySubsequences: false)
        if parts.count == 2, !parts[0].isEmpty { error.code = String(parts[0]) }
    }

    /// Reads a map of scalars, as far as it is one.
    private static func read<Reader: ShapeReader>(
        _ reader: Reader, into error: inout AWSError, _ scalar: (inout Reader) throws(WireError) -> String?
    ) {
        var reader = reader
        do throws(WireError) {
            try reader.beginMap()
            while let key = try reader.nextKey() {
                guard let value = try scalar(&reader) else { continue }
                switch key {
                case "__type": error.code = code(value)
                case "code" where error.code.isEmpty: error.code = code(value)
                case "message", "Message": if error.message.isEmpty { error.message = value }
                default: error.details.append((key, value))
                }
            }
        } catch {
            // What was read until here counts.
        }
    }

    /// `<Error>` of S3, `<ErrorResponse><Error>` of awsQuery, `<Response><Errors><Error>` of EC2.
    private static func readXML(_ bytes: [UInt8], into error: inout AWSError) {
        guard !bytes.isEmpty, let document = try? XMLParser.parse(bytes) else { return }
        var element = document.root
        for name in ["Errors", "Error"] { element = document.child(name, of: element) ?? element }
        guard document.name(element) == "Error" else { return }
        for child in document.children(element) where !document.hasChildren(child) {
            let text = document.text(child)
            switch document.name(child) {
            case "Code": error.code = text
            case "Message", "message": error.message = text
            case "RequestId": error.requestID = text
            case "Type", "HostId": break
            case let name: error.details.append((name, text))
            }
        }
        for name in ["RequestId", "RequestID"] {
            if let id = document.child(name, of: document.root) { error.requestID = document.text(id) }
        }
    }
}
