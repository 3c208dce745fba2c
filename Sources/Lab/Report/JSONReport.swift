import Ground

/// The report for machines. Its form: `{"passed", "failed", "skipped", "started", "seconds", "facts": {}, "steps": []}`.
struct JSONReport {
    let text: String

    init(_ report: LabReport) {
        var lines = ["{"]
        lines.append("  \"passed\": \(report.passed), \"failed\": \(report.failed), \"skipped\": \(report.skipped),")
        lines.append("  \"started\": \(JSONObject.quoted(report.started.iso8601(milliseconds: true))),")
        lines.append("  \"milliseconds\": \(report.duration.formatted(places: 3)),")
        lines.append("  \"facts\": \(Self.object(report.facts)),")
        lines.append("  \"steps\": [")
        for (index, result) in report.results.enumerated() {
            let comma = index + 1 < report.results.count ? "," : ""
            lines.append("    \(Self.step(result))\(comma)")
        }
        lines += ["  ]", "}", ""]
        text = lines.joined(separator: "\n")
    }

    private static func step(_ result: StepResult) -> String {
        var failure = "null"
        let outcome: String
        switch result.outcome {
        case .passed: outcome = "passed"
        case .skipped: outcome = "skipped"
        case .failed(let message):
            outcome = "failed"
            failure = JSONObject.quoted(message)
        }
        return
            "{\"id\": \(JSONObject.quoted(result.step.id)), \"activity\": \(JSONObject.quoted(result.step.activity)), "
            + "\"title\": \(JSONObject.quoted(result.step.title)), \"outcome\": \"\(outcome)\", \"failure\": \(failure), "
            + "\"milliseconds\": \(result.duration.formatted(places: 3)), \"command\": \(JSONObject.quoted(result.step.command)), "
            + "\"evidence\": \(object(result.evidence))}"
    }

    private static func object(_ evidence: [Evidence]) -> String {
        "{" + evidence.map { "\(JSONObject.quoted($0.name)): \(JSONObject.quoted($0.value))" }.joined(separator: ", ")
            + "}"
    }
}
