#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The environment variables that a client reads its settings from: the process's own, or a test's.
public struct ProcessEnvironment: Sendable {
    private let values: [String: String]

    public init(_ values: [String: String]) { self.values = values }

    /// The variables of this process, as they are now.
    public static var current: ProcessEnvironment { ProcessEnvironment(ProcessInfo.processInfo.environment) }

    /// The value of a variable. One that is set to nothing counts as not set, as in AWS's SDKs.
    public subscript(name: String) -> String? {
        guard let value = values[name], !value.isEmpty else { return nil }
        return value
    }

    /// Whether a variable says `true` (in any case).
    func isTrue(_ name: String) -> Bool { self[name]?.lowercased() == "true" }
}
