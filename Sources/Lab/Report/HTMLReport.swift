import Ground

/// The report for people: one page without script, network or build step.
struct HTMLReport {
    let text: String

    init(_ report: LabReport) {
        var page = Self.head
        page += "<h1>Skylab: the lab, step by step</h1>\n"
        page +=
            "<p class=\"sum \(report.holds ? "passed" : "failed")\">\(report.passed) of \(report.results.count) checks held"
        page += report.failed > 0 ? ", \(report.failed) failed" : ""
        page += report.skipped > 0 ? ", \(report.skipped) skipped" : ""
        page += "</p>\n<dl class=\"facts\">"
        for fact in report.facts { page += "<dt>\(Self.escaped(fact.name))</dt><dd>\(Self.escaped(fact.value))</dd>" }
        page += "<dt>Took</dt><dd>\(report.duration.formatted(places: 0)) ms</dd></dl>\n"
        var activity = ""
        for result in report.results {
            if result.step.activity != activity {
                activity = result.step.activity
                page += "<h2>\(Self.escaped(activity))</h2>\n"
            }
            page += Self.step(result)
        }
        text = page + "</main></body></html>\n"
    }

    private static func step(_ result: StepResult) -> String {
        var outcome = "passed"
        var failure = ""
        switch result.outcome {
        case .passed: break
        case .skipped: outcome = "skipped"
        case .failed(let message):
            outcome = "failed"
            failure = "<p class=\"failure\">\(escaped(message))</p>"
        }
        var html =
            "<details\(outcome == "failed" ? " open" : "")><summary><span class=\"mark \(outcome)\">\(outcome)</span>"
        html +=
            "\(escaped(result.step.title))<span class=\"time\">\(result.duration.formatted(places: 1)) ms</span></summary>"
        html += "<p>\(escaped(result.step.purpose))</p><pre>\(escaped(result.step.command))</pre>\(failure)"
        if !result.evidence.isEmpty {
            html += "<table>"
            for evidence in result.evidence {
                html += "<tr><th>\(escaped(evidence.name))</th><td>\(escaped(evidence.value))</td></tr>"
            }
            html += "</table>"
        }
        return html + "</details>\n"
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
    }

    private static let head = """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Skylab lab report</title>
        <style>
        :root { --ink: #1b2330; --soft: #5d6b80; --line: #dfe5ee; --paper: #fff; --back: #f4f6fa; --good: #13795b; --bad: #b3261e; }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e6ebf4; --soft: #96a3b8; --line: #2c3646; --paper: #1a212d; --back: #12171f; --good: #4fc79f; --bad: #ff8a80; }
        }
        body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
        main { max-width: 60rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
        h1 { font-size: 1.6rem; margin: 0 0 .5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .75rem; }
        .sum { font-size: 1.15rem; font-weight: 600; } .sum.passed { color: var(--good); } .sum.failed { color: var(--bad); }
        .facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; color: var(--soft); font-size: .9rem; }
        .facts dd { margin: 0; color: var(--ink); overflow-wrap: anywhere; }
        details { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; margin: .4rem 0; padding: .5rem .9rem; }
        summary { cursor: pointer; display: flex; gap: .75rem; align-items: baseline; }
        .mark { font-size: .75rem; font-weight: 600; min-width: 3.6rem; } .passed { color: var(--good); }
        .failed, .failure { color: var(--bad); } .skipped { color: var(--soft); }
        .time { margin-left: auto; color: var(--soft); font-size: .85rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
        pre { background: var(--back); border-radius: 6px; padding: .6rem .8rem; overflow-x: auto; font-size: .85rem; }
        table { border-collapse: collapse; width: 100%; font-size: .85rem; }
        th { text-align: left; font-weight: 500; color: var(--soft); padding: .25rem 1rem .25rem 0; vertical-align: top; width: 14rem; }
        td { padding: .25rem 0; font-family: ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
        </style></head><body><main>

        """
}
