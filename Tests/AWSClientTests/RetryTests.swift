import AWSClient
import AWSWire
import Testing

@Suite struct RetryTests {
    @Test func backoffDoublesUpToItsLimit() {
        let policy = RetryPolicy()
        let most = (1...8).map { policy.backoff(beforeRetry: $0, random: 1) }
        #expect(most == [1, 2, 4, 8, 16, 20, 20, 20].map { .seconds($0) })
        #expect(policy.backoff(beforeRetry: 1000, random: 1) == .seconds(20))
    }

    @Test func backoffHasFullJitter() {
        let policy = RetryPolicy()
        #expect(policy.backoff(beforeRetry: 3, random: 0) == .zero)
        #expect(policy.backoff(beforeRetry: 3, random: 0.5) == .seconds(2))
    }

    @Test func atLeastOneAttempt() {
        #expect(RetryPolicy(maximumAttempts: 0).maximumAttempts == 1)
    }

    @Test(
        arguments: [
            ("Throttling", 400, FailureKind.throttling), ("ThrottlingException", 400, .throttling),
            ("RequestLimitExceeded", 503, .throttling), ("SlowDown", 503, .throttling), ("Any", 429, .throttling),
            ("InternalError", 500, .transient), ("Any", 502, .transient), ("Any", 503, .transient),
            ("Any", 504, .transient), ("RequestTimeout", 400, .transient), ("NotImplemented", 501, .permanent),
            ("AccessDenied", 403, .permanent), ("NoSuchKey", 404, .permanent),
            ("ExpiredToken", 400, .expiredCredentials),
            ("RequestTimeTooSkewed", 403, .clockSkew), ("SignatureDoesNotMatch", 403, .permanent),
        ])
    func kinds(_ code: String, _ status: Int, _ kind: FailureKind) {
        #expect(FailureKind(AWSError(code, "", status: status)) == kind)
    }

    @Test func kindsOfSilence() {
        #expect(FailureKind(TransportError.connection("refused")) == .transient)
        #expect(FailureKind(TransportError.timeout("read")) == .timeout)
        #expect(FailureKind(TransportError.unsendable("header")) == .permanent)
        #expect(FailureKind(CancellationError()) == .permanent)
    }

    @Test func aWrongSignatureMayBeAWrongClock() {
        #expect(FailureKind(AWSError("SignatureDoesNotMatch", "", status: 403), clockDiffers: true) == .clockSkew)
        #expect(FailureKind(AWSError("AccessDenied", "", status: 403), clockDiffers: true) == .permanent)
    }

    @Test func tokensRunOutAndComeBack() {
        let tokens = RetryTokens()
        #expect(RetryTokens.cost(of: .throttling) == 5 && RetryTokens.cost(of: .timeout) == 10)
        for _ in 0..<100 { #expect(tokens.take(5)) }
        #expect(!tokens.take(5) && tokens.remaining == 0)
        tokens.giveBack(1)
        #expect(!tokens.take(5))
        tokens.giveBack(5)
        #expect(tokens.take(5))
        tokens.giveBack(10_000)
        #expect(tokens.remaining == RetryTokens.capacity)
    }
}
