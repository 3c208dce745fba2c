import AWSWire

/// Waits for a while; a test's returns at once.
public typealias Sleeper = @Sendable (Duration) async throws -> Void

/// When to send a request again, and after what time: the SDKs' standard mode.
public struct RetryPolicy: Sendable {
    /// Attempts in all, the first included; at least 1.
    public var maximumAttempts: Int
    /// No back-off is longer.
    public var maximumBackoff: Duration

    public init(maximumAttempts: Int = 3, maximumBackoff: Duration = .seconds(20)) {
        self.maximumAttempts = max(1, maximumAttempts)
        self.maximumBackoff = maximumBackoff
    }

    /// The time before the `retry`th repetition (from 1): exponential with full jitter.
    /// - Parameter random: evenly from 0 to 1.
    package func backoff(beforeRetry retry: Int, random: Double) -> Duration {
        let ceiling = retry > 20 ? maximumBackoff : min(.seconds(1 << (retry - 1)), maximumBackoff)
        return ceiling * min(max(random, 0), 1)
    }
}

/// What a failure means for another attempt.
package enum FailureKind: Equatable {
    /// Another attempt would fail the same way.
    case permanent
    /// The service asks for fewer requests.
    case throttling
    /// An error on the way or inside of the service, likely gone the next time.
    case transient
    /// Nothing was heard.
    case timeout
    /// The signature's time or the server's is off.
    case clockSkew
    /// The credentials expired on their way.
    case expiredCredentials

    private static let throttlingCodes: Set = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "RequestThrottled",
        "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
        "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "SlowDown",
        "EC2ThrottledException", "PriorRequestNotComplete",
    ]
    private static let transientCodes: Set = ["RequestTimeout", "RequestTimeoutException", "InternalError"]
    private static let skewCodes: Set = ["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"]
    /// Codes that a wrong clock may be the reason of, among others.
    private static let signatureCodes: Set = ["InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure"]
    private static let expiryCodes: Set = ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"]

    /// - Parameter clockDiffers: whether the answer's `Date` is far from our own time.
    package init(_ error: any Error, clockDiffers: Bool = false) {
        switch error {
        case let error as AWSError:
            if Self.skewCodes.contains(error.code) || clockDiffers && Self.signatureCodes.contains(error.code) {
                self = .clockSkew
            } else if Self.expiryCodes.contains(error.code) {
                self = .expiredCredentials
            } else if Self.throttlingCodes.contains(error.code) || error.status == 429 {
                self = .throttling
            } else if Self.transientCodes.contains(error.code) || [500, 502, 503, 504].contains(error.status) {
                self = .transient
            } else {
                self = .permanent
            }
        case TransportError.connection: self = .transient
        case TransportError.timeout: self = .timeout
        default: self = .permanent
        }
    }
}
