/// Sends operations somewhere: to AWS, to Skylab, to a test's recorder. A generated client is one of these and the
/// service's protocol in front of it.
public protocol OperationInvoker: Sendable {
    /// - Throws: ``AWSError`` where the service answered with one, and the transport's own errors.
    func invoke<Input: Shape, Output: Shape>(_ operation: OperationSchema, _ input: Input) async throws -> Output
}

/// The server's side of one call: decodes its input, calls the service, keeps what it answered. Generated dispatch code
/// hands it the method that an operation names.
public protocol OperationCall {
    mutating func perform<Input: Shape, Output: Shape>(
        _ operation: OperationSchema, _ body: (Input) async throws -> Output
    ) async throws
}
