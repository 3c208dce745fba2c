import NIOPosix
import Synchronization

/// Threads for blocking work that are started by the first piece of it.
final class LazyThreadPool: Sendable {
    private enum State {
        case idle
        case running
        case closed
    }
    private let pool: NIOThreadPool
    private let state = Mutex(State.idle)

    init(threads: Int) { pool = NIOThreadPool(numberOfThreads: threads) }

    /// Runs `work` on a thread of the pool; with `false`, and on any thread, where the pool has been closed.
    func submit(_ work: @escaping @Sendable (_ isOpen: Bool) -> Void) {
        state.withLock { state in
            guard state == .idle else { return }
            pool.start()
            state = .running
        }
        pool.submit { work($0 == .active) }
    }

    /// Runs `work` on a thread of the pool and waits for what it gives. It is not cancelled with the task: a write that
    /// was begun is ended.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            submit { isOpen in
                continuation.resume(
                    with: Result { () throws -> Value in
                        guard isOpen else { throw ObjectStoreError.closed }
                        return try work()
                    })
            }
        }
    }

    /// Ends the threads once they are done with what they are at. What waits is called with `false`.
    func close() async {
        let wasRunning = state.withLock { state in
            defer { state = .closed }
            return state == .running
        }
        // Its one failure is a pool that can't be stopped, which this one can.
        if wasRunning { try? await pool.shutdownGracefully() }
    }
}
