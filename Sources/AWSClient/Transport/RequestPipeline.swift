import AWSWire
import Ground
import Logging
import NIOCore
import NIOHTTP1

/// One call from its input to its output: prepared once, signed and sent as often as the retry policy allows.
struct RequestPipeline: Sendable {
    let resolver: EndpointResolver
    let preparer: RequestPreparer
    let retries: RetryPolicy
    let timeouts: Timeouts
    private let surroundings: AWSClient.Surroundings
    private let logger: Logger
    private let tokens = RetryTokens()
    let skew: ClockSkew
    private var credentials: CredentialCache?

    init(
        resolver: EndpointResolver, preparer: RequestPreparer, retries: RetryPolicy, timeouts: Timeouts,
        surroundings: AWSClient.Surroundings, logger: Logger
    ) {
        self.resolver = resolver
        self.preparer = preparer
        self.retries = retries
        self.timeouts = timeouts
        self.surroundings = surroundings
        self.logger = logger
        skew = ClockSkew(wallTime: surroundings.now)
    }

    /// The same with a provider's credentials; what was learnt of the service's time and troubles stays shared.
    func authenticated(by provider: any CredentialProvider) -> RequestPipeline {
        var pipeline = self
        pipeline.credentials = CredentialCache(provider, logger: logger, now: surroundings.now)
        return pipeline
    }

    func run<Input: Shape, Output: Shape>(_ operation: OperationSchema, _ input: Input) async throws -> Output {
        let target = try await resolver.target(for: operation.service)
        let request = try await preparer.prepare(operation, input, for: target)
        let name = "\(operation.service.serviceID) \(operation.name)"
        return try await withTimeout(timeouts.call, name) { try await attempts(operation, request) }
    }

    private func attempts<Output: Shape>(
        _ operation: OperationSchema, _ request: PreparedRequest
    ) async throws -> Output {
        var attempt = 1
        var paid = 1
        // A wrong clock and expired credentials are put right once a call.
        var corrections: Set<FailureKind> = []
        while true {
            let credentials = try await self.credentials?.credentials()
            do {
                let output: Output = try await send(request, operation, credentials, attempt: attempt)
                tokens.giveBack(paid)
                return output
            } catch let failure as AttemptFailure {
                let error = failure.error
                guard request.canBeSentAgain, attempt < retries.maximumAttempts else { throw error }
                switch failure.kind {
                case .permanent: throw error
                case .clockSkew, .expiredCredentials:
                    guard corrections.insert(failure.kind).inserted else { throw error }
                    if failure.kind == .clockSkew { skew.learn(from: failure.headers) }
                    if let credentials, failure.kind == .expiredCredentials {
                        await self.credentials?.discard(credentials)
                    }
                case .throttling, .transient, .timeout:
                    let cost = RetryTokens.cost(of: failure.kind)
                    guard tokens.take(cost) else { throw error }
                    paid = cost
                    let wait = retries.backoff(beforeRetry: attempt, random: surroundings.random())
                    log(operation, "trying again", attempt, ["error": "\(error)", "wait": "\(wait)"])
                    try await surroundings.sleep(wait)
                }
                attempt += 1
            }
        }
    }

    /// An attempt that failed, with what the answer's headers tell of the time there.
    private struct AttemptFailure: Error {
        let error: any Error
        let kind: FailureKind
        var headers: HTTPHeaders = [:]
    }

    /// - Throws: ``AttemptFailure`` only.
    private func send<Output: Shape>(
        _ request: PreparedRequest, _ operation: OperationSchema, _ credentials: Credentials?, attempt: Int
    ) async throws -> Output {
        let start = ContinuousClock.now
        var headers: HTTPHeaders = [:]
        do {
            let call = try sign(request, operation, credentials)
            let reply = try await surroundings.transport.send(call, timeout: timeouts.call)
            headers = reply.headers
            log(
                operation, "answered", attempt,
                [
                    "status": "\(reply.status)", "took": "\(ContinuousClock.now - start)",
                    "host": "\(call.endpoint.host)",
                ])
            return try await AnswerReader.output(of: reply, operation, request)
        } catch {
            throw AttemptFailure(
                error: error, kind: FailureKind(error, clockDiffers: skew.differs(from: headers)), headers: headers)
        }
    }

    private func log(
        _ operation: OperationSchema, _ what: Logger.Message, _ attempt: Int, _ metadata: Logger.Metadata
    ) {
        logger.debug(
            what,
            metadata: metadata.merging(
                ["service": "\(operation.service.name)", "operation": "\(operation.name)", "attempt": "\(attempt)"],
                uniquingKeysWith: { old, _ in old }))
    }
}
