import AWSWire

/// One call on the server's side: decodes the input, validates it where the protocol's services do, keeps the answer.
struct ServerCall: OperationCall {
    let request: WireRequest
    let proto: WireProtocol
    let requestID: String
    private(set) var response: WireResponse?

    init(request: WireRequest, proto: WireProtocol, requestID: String) {
        self.request = request
        self.proto = proto
        self.requestID = requestID
    }

    mutating func perform<Input: Shape, Output: Shape>(
        _ operation: OperationSchema, _ body: (Input) async throws -> Output
    ) async throws {
        let input: Input = try ServerCodec.decode(operation, request, proto)
        // S3 has words of its own for each thing that can be wrong.
        if proto != .restXML, let message = Validator.check(input) {
            throw AWSError(proto == .awsQuery ? "ValidationError" : "ValidationException", message)
        }
        let output = try await body(input)
        response = ServerCodec.encode(operation, output, proto, requestID: requestID)
    }
}
