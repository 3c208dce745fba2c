import AWSWire

/// Asks again and again until a resource is as wanted, as AWS's models describe waiting.
public struct Waiter<Output: Sendable>: Sendable {
    /// What an answer means.
    public enum Verdict: Sendable {
        /// It is as wanted.
        case success
        /// It will never be.
        case failure
        /// Not yet.
        case retry
    }

    /// How a wait ended without success.
    public enum Failure: Error, Sendable {
        /// An answer meant ``Verdict/failure``.
        case unreachable
        /// It took longer than it may.
        case timeout
    }

    /// The wait between two questions.
    public var delay: Duration
    /// Questions at most.
    public var maximumAttempts: Int
    private let judge: @Sendable (Result<Output, AWSError>) -> Verdict?

    /// - Parameter judge: reads an answer; `nil` where it says nothing: an output means not yet then, an error is thrown.
    public init(
        delay: Duration, maximumAttempts: Int,
        judge: @escaping @Sendable (Result<Output, AWSError>) -> Verdict?
    ) {
        self.delay = delay
        self.maximumAttempts = maximumAttempts
        self.judge = judge
    }

    /// - Throws: ``Failure``; what `call` throws.
    /// - Returns: the answer that meant success; `nil` where an error did, such as "not found" after a deletion.
    @discardableResult
    public func wait(
        sleep: Sleeper = { try await Task.sleep(for: $0) }, for call: () async throws -> Output
    ) async throws -> Output? {
        for attempt in 1...max(maximumAttempts, 1) {
            let result: Result<Output, AWSError>
            do {
                result = .success(try await call())
            } catch let error as AWSError {
                result = .failure(error)
            }
            switch judge(result) {
            case .success: return try? result.get()
            case .failure: throw Failure.unreachable
            case .retry: break
            case nil: _ = try result.get()
            }
            if attempt < maximumAttempts { try await sleep(delay) }
        }
        throw Failure.timeout
    }
}
