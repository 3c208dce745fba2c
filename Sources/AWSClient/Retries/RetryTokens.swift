import Synchronization

/// The allowance that all requests of a client draw retries from, so that a service in trouble is not buried under the
/// repetitions of everything that failed.
package final class RetryTokens: Sendable {
    package static let capacity = 500

    private let available = Mutex(capacity)

    package init() {}

    /// What one more attempt after a failure of this kind costs.
    package static func cost(of kind: FailureKind) -> Int { kind == .timeout ? 10 : 5 }

    /// Takes `count` tokens if there are that many.
    package func take(_ count: Int) -> Bool {
        available.withLock { available in
            guard available >= count else { return false }
            available -= count
            return true
        }
    }

    /// Gives back what the last retry of a request that succeeded had taken; 1 where it succeeded at once.
    package func giveBack(_ count: Int) {
        available.withLock { $0 = min(Self.capacity, $0 + count) }
    }

    package var remaining: Int { available.withLock { $0 } }
}
