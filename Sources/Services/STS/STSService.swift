import AWSModels
import AWSWire

/// AWS Security Token Service, for the caller of one request.
public struct STSService: STSAPI {
    private let context: CallContext

    public init(context: CallContext) { self.context = context }

    /// Always allowed, to whoever signs (STS API Reference, GetCallerIdentity).
    public func getCallerIdentity(_ input: STS.GetCallerIdentityRequest) async throws -> STS.GetCallerIdentityResponse {
        guard let account = context.caller.account, let arn = context.caller.arn else {
            throw AWSError("MissingAuthenticationToken", "Request is missing Authentication Token", status: 403)
        }
        // The root user's id is the account's own number.
        return .init(userId: account, account: account, arn: arn)
    }
}
