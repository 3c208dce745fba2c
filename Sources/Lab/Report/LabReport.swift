import Ground

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What a run showed, as JSON for machines and as one page for people.
public struct LabReport: Sendable {
    public let results: [StepResult]
    /// Facts of the run: where, when, which account.
    public let facts: [Evidence]
    public let started: Timestamp
    public let duration: Duration

    public init(results: [StepResult], facts: [(String, String)], started: Timestamp, duration: Duration) {
        self.results = results
        self.facts = facts.map { Evidence($0, $1) }
        self.started = started
        self.duration = duration
    }

    public var passed: Int { results.count { $0.outcome == .passed } }
    public var failed: Int { results.count - passed - skipped }
    public var skipped: Int { results.count { $0.outcome == .skipped } }
    /// Whether every check held.
    public var holds: Bool { passed == results.count }

    /// Writes `report.json` and `index.html`.
    /// - Returns: the page's path.
    /// - Throws: ``Ground/SystemError``.
    public func write(to directory: String) throws(SystemError) -> String {
        try Directories.make(directory)
        try Self.write(JSONReport(self).text, to: "\(directory)/report.json")
        try Self.write(HTMLReport(self).text, to: "\(directory)/index.html")
        return "\(directory)/index.html"
    }

    private static func write(_ text: String, to path: String) throws(SystemError) {
        guard let file = fopen(path, "w") else { throw .last("open", path) }
        let bytes = Array(text.utf8)
        let written = fwrite(bytes, 1, bytes.count, file)
        guard fclose(file) == 0, written == bytes.count else { throw .last("write", path) }
    }
}
