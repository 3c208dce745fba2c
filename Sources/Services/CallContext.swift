import AWSWire
import Ground
import NIOHTTP1

/// Who calls, and how the call came: what an operation needs to know beside its input.
public struct CallContext: Sendable {
    /// The id told in the answer and in the log line.
    public let requestID: String
    public let caller: Caller
    /// The region that the request was signed for: on this endpoint, every region is served.
    public let region: String
    /// The request's headers, for the few that no model binds (trailers announced, `aws-chunked`).
    public let headers: HTTPHeaders
    /// Scheme and authority as the client wrote them, such as `http://localhost:4566`.
    public let baseURL: String

    public init(requestID: String, caller: Caller, region: String, headers: HTTPHeaders, baseURL: String) {
        self.requestID = requestID
        self.caller = caller
        self.region = region
        self.headers = headers
        self.baseURL = baseURL
    }
}

/// The principal of a request.
public enum Caller: Sendable, Equatable {
    /// Nothing was signed.
    case anonymous
    /// The root user of an account of 12 digits.
    case root(account: String, accessKeyID: String)

    /// The caller's account; `nil` for anonymous calls.
    public var account: String? {
        switch self {
        case .anonymous: nil
        case .root(let account, _): account
        }
    }

    public var arn: String? {
        switch self {
        case .anonymous: nil
        case .root(let account, _): "arn:aws:iam::\(account):root"
        }
    }
}
