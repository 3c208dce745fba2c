import Ground
import Synchronization

/// Buckets by name, for every request asks for one. What the writer commits is published here before it is answered.
final class BucketCache: Sendable {
    private struct State {
        var buckets: [String: Bucket] = [:]
        /// Counts changes, so that what a reader saw before one is not kept after it.
        var generation = 0
    }
    private let state = Mutex(State())
    private static let limit = 20_000

    func bucket(named name: String) -> (bucket: Bucket?, generation: Int) {
        state.withLock { ($0.buckets[name], $0.generation) }
    }

    /// Keeps what a reader found, unless something has changed since it asked.
    func keep(_ bucket: Bucket, generation: Int) {
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.buckets.count >= Self.limit { state.buckets.removeAll() }
            state.buckets[bucket.name] = bucket
        }
    }

    func publish(_ effects: WriteEffects) {
        guard !effects.buckets.isEmpty || effects.isReset else { return }
        state.withLock { state in
            state.generation += 1
            if effects.isReset { state.buckets.removeAll() }
            for name in effects.deletedBucketNames { state.buckets[name] = nil }
            for case let bucket? in effects.buckets.values { state.buckets[bucket.name] = bucket }
        }
    }
}
