import Synchronization

/// The allowance that all requests of a client draw retries from, so that a service in trouble is not buried under the
/// repetitions of everything that failed.
final class RetryTokens: Sendable {
    static let capacity = 500

    private let available = Mutex(capacity)

    /// What one more attempt after a failure of this kind costs.
    static func cost(of kind: FailureKind) -> Int { kind == .timeout ? 10 : 5 }

    /// Takes `count` tokens if there are that many.
    func take(_ count: Int) -> Bool {
        available.withLock { available in
            guard available >= count else { return false }
            available -= count
            return true
        }
    }

    /// Gives back what the last retry of a request that succeeded had taken; 1 where it succeeded at once.
    func giveBack(_ count: Int) {
        available.withLock { $0 = min(Self.capacity, $0 + count) }
    }

    var remaining: Int { available.withLock { $0 } }
}
