import Synchronization

/// The cloud's time: what every timestamp, period and billed second reads. It follows wall time from its origin at a
/// speed; a manual clock stands until it is moved.
///
/// What must stay wall time reads `ContinuousClock` or ``WallClock``: signatures, socket time-outs, durations of real work.
public final class CloudClock: Sendable {
    private struct State {
        /// Cloud time at `wallOrigin`.
        var origin: Timestamp
        var wallOrigin: Timestamp
        var speed: Double
        /// Sleepers of a manual clock.
        var waiters: [Int: (due: Timestamp, wake: CheckedContinuation<Void, any Error>)] = [:]
        var nextWaiter = 0
    }

    private let state: Mutex<State>

    /// A clock that starts at wall time now and runs `speed` times as fast; speed 0 stands still until ``advance(by:)``.
    public init(speed: Double = 1) {
        let now = WallClock.now
        state = Mutex(State(origin: now, wallOrigin: now, speed: speed))
    }

    /// A clock that starts at `start` and moves only by ``advance(by:)``: the clock of tests.
    public init(manualFrom start: Timestamp) {
        state = Mutex(State(origin: start, wallOrigin: start, speed: 0))
    }

    public var now: Timestamp { state.withLock { Self.now(of: $0) } }

    private static func now(of state: State) -> Timestamp {
        guard state.speed != 0 else { return state.origin }
        let passed = Double(WallClock.now.milliseconds - state.wallOrigin.milliseconds) * state.speed
        return Timestamp(milliseconds: state.origin.milliseconds + Int64(passed))
    }

    /// Moves the clock on and wakes whoever is due by then.
    /// - Precondition: `duration` is not negative; time never goes backwards.
    public func advance(by duration: Duration) {
        precondition(duration >= .zero, "the cloud clock never goes backwards")
        let due = state.withLock { state in
            state.origin = Self.now(of: state).advanced(by: duration)
            state.wallOrigin = WallClock.now
            let now = state.origin
            let due = state.waiters.filter { $0.value.due <= now }.sorted { $0.value.due < $1.value.due }
            for (id, _) in due { state.waiters[id] = nil }
            return due.map(\.value.wake)
        }
        for wake in due { wake.resume() }
    }

    /// Waits until the clock shows `deadline`.
    /// - Throws: `CancellationError` where the task is cancelled first.
    public func sleep(until deadline: Timestamp) async throws {
        while true {
            let wait = state.withLock { state -> Duration? in
                let now = Self.now(of: state)
                if now >= deadline { return .zero }
                guard state.speed != 0 else { return nil }
                return .milliseconds(Double(deadline.milliseconds - now.milliseconds) / state.speed)
            }
            switch wait {
            case .some(.zero): return
            // A running clock may be moved while somebody sleeps, so nobody sleeps long without looking again.
            case .some(let wait): try await Task.sleep(for: min(wait, .milliseconds(200)))
            case .none: try await sleepOnStandingClock(until: deadline)
            }
        }
    }

    private func sleepOnStandingClock(until deadline: Timestamp) async throws {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (wake: CheckedContinuation<Void, any Error>) in
                let wakeNow = state.withLock { state in
                    if Task.isCancelled || Self.now(of: state) >= deadline { return true }
                    state.waiters[id] = (deadline, wake)
                    return false
                }
                if wakeNow { wake.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id)?.wake }?.resume(throwing: CancellationError())
        }
        try Task.checkCancellation()
    }
}
