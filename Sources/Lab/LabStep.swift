/// One step of the lab: what it is for, how one does it by hand, and the action with its check.
///
/// A step takes AWS only through the services' protocols, so that it does the same against Skylab and AWS itself.
public struct LabStep: Sendable {
    /// Stable, for reports and for naming a step on the command line: `versioning.restore`.
    public let id: String
    public let activity: String
    public let title: String
    /// Why one does this, in plain words.
    public let purpose: String
    /// The same by hand: an `aws` or `curl` command.
    public let command: String
    /// Does it, checks what came of it, and gives the evidence.
    /// - Throws: ``LabFailure`` where a check does not hold.
    public let run: @Sendable (LabSession) async throws -> [Evidence]

    init(
        _ id: String, _ activity: String, _ title: String, purpose: String, command: String,
        run: @escaping @Sendable (LabSession) async throws -> [Evidence]
    ) {
        self.id = id
        self.activity = activity
        self.title = title
        self.purpose = purpose
        self.command = command
        self.run = run
    }
}

/// A fact that a step saw.
public struct Evidence: Sendable {
    public let name: String
    public let value: String

    init(_ name: String, _ value: some CustomStringConvertible) {
        self.name = name
        self.value = value.description
    }
}

/// A check that did not hold.
public struct LabFailure: Error, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}

/// Throws a ``LabFailure`` unless it holds.
func check(_ holds: Bool, _ otherwise: @autoclosure () -> String) throws(LabFailure) {
    guard holds else { throw LabFailure(otherwise()) }
}

/// A value that must be there.
func require<Value>(_ value: Value?, _ what: String) throws(LabFailure) -> Value {
    guard let value else { throw LabFailure("\(what) is missing") }
    return value
}

/// What came of a step.
public struct StepResult: Sendable {
    public enum Outcome: Sendable, Equatable {
        case passed
        case failed(String)
        /// An earlier step of its activity failed.
        case skipped
    }

    public let step: LabStep
    public let outcome: Outcome
    public let evidence: [Evidence]
    public let duration: Duration

    /// The duration as people read it, without its unit.
    public var milliseconds: String { duration.formatted(places: 1) }
}
