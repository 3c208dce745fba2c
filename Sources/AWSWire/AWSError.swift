import NIOHTTP1

/// An error as AWS tells it: the same value on both sides of the wire. Services throw it, one codec per protocol writes
/// it, and the client throws it again.
public struct AWSError: Error, Sendable, CustomStringConvertible {
    /// AWS's own code: `NoSuchKey`, `ValidationException`.
    public var code: String
    public var message: String
    /// The HTTP status.
    public var status: Int
    /// Members beside code and message: S3's `<Key>`, `<Condition>`; a modelled error's own members.
    public var details: [(name: String, value: String)]
    /// Headers that go with the answer, such as `x-amz-delete-marker`.
    public var headers: HTTPHeaders
    /// The id of the request that failed, on the client's side.
    public var requestID: String?

    public init(
        _ code: String, _ message: String, status: Int = 400, details: [(name: String, value: String)] = [],
        headers: HTTPHeaders = [:], requestID: String? = nil
    ) {
        self.code = code
        self.message = message
        self.status = status
        self.details = details
        self.headers = headers
        self.requestID = requestID
    }

    /// Whether the caller is to blame, as awsQuery's `<Type>` tells.
    public var isSenderFault: Bool { status < 500 }

    public var description: String {
        "\(code): \(message)" + (requestID.map { " (request \($0))" } ?? "")
    }

    /// The answer to an operation that a model names and nobody has written yet. 501 is a status that no SDK retries.
    public static func notImplemented(_ service: String, _ operation: String) -> AWSError {
        AWSError("NotImplemented", "\(service):\(operation) is not implemented by Skylab.", status: 501)
    }
}
