/// Runs the lab's steps in order and tells of each as it ends.
///
/// Where a step fails the rest of its activity is skipped, since it stands on it; clean-up runs always.
public struct LabRunner: Sendable {
    private let session: LabSession

    public init(session: LabSession) { self.session = session }

    /// All steps, in the order in which they run.
    public static let steps: [LabStep] = VersioningActivity.steps + AppActivity.steps + CleanUp.steps

    /// - Parameters:
    ///   - willRun: told before a step.
    ///   - didRun: told after it.
    public func run(
        willRun: (LabStep) -> Void = { _ in }, didRun: (StepResult) -> Void = { _ in }
    ) async -> [StepResult] {
        var results: [StepResult] = []
        var failedActivities: Set<String> = []
        // The app stands on the bucket.
        var isBucketMissing = false
        for step in Self.steps {
            willRun(step)
            let isSkipped =
                failedActivities.contains(step.activity) || isBucketMissing && step.activity == AppActivity.name
            let result =
                isSkipped
                ? StepResult(step: step, outcome: .skipped, evidence: [], duration: .zero) : await run(step)
            if case .failed = result.outcome {
                failedActivities.insert(step.activity)
                if step.activity == VersioningActivity.name { isBucketMissing = true }
            }
            results.append(result)
            didRun(result)
        }
        _ = await session.app.terminate()
        return results
    }

    private func run(_ step: LabStep) async -> StepResult {
        let clock = ContinuousClock()
        let started = clock.now
        do {
            let evidence = try await step.run(session)
            return StepResult(step: step, outcome: .passed, evidence: evidence, duration: clock.now - started)
        } catch {
            return StepResult(step: step, outcome: .failed("\(error)"), evidence: [], duration: clock.now - started)
        }
    }
}
