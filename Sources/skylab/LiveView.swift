import Cloud
import Ground

/// What `skylab up` shows on a terminal: where the server is, how much it does, and the last requests. Redrawn in place.
struct LiveView {
    private let server: CloudServer
    private static let interval = Duration.milliseconds(500)

    init(_ server: CloudServer) { self.server = server }

    func run() async {
        var lines = 0
        var before = server.metrics.totals.requests
        while !Task.isCancelled {
            let totals = server.metrics.totals
            let rate = (totals.requests - before) * 2
            before = totals.requests
            let view = render(rate: rate, requests: totals.requests, errors: totals.errors)
            if lines > 0 { Terminal.show("\u{1B}[\(lines)A\u{1B}[J") }
            Terminal.show(view.map { $0 + "\n" }.joined())
            lines = view.count
            // A terminal is for people: wall time.
            try? await Task.sleep(for: Self.interval)
        }
    }

    private func render(rate: Int, requests: Int, errors: Int) -> [String] {
        let record = server.record(processID: 0)
        let port = record.port == CloudServer.standardPort ? "" : " --port \(record.port)"
        var view = [
            "\(Terminal.bold("Skylab \(record.version)"))  \(Terminal.green(record.url))  account \(record.account)  \(record.region)",
            Terminal.dim("state \(record.stateDirectory)\(record.isEphemeral ? " (ephemeral)" : "")"),
            Terminal.dim("eval \"$(skylab env\(port))\" points AWS clients here; Ctrl-C stops"),
            "",
            "cloud time \(server.clock.now.iso8601(milliseconds: false))   requests \(requests) (\(rate)/s)   "
                + (errors > 0 ? Terminal.red("5xx \(errors)") : "5xx 0")
                + (server.residentMegabytes.map { "   memory \($0) MiB" } ?? ""),
            "",
        ]
        for request in server.metrics.recent {
            let status = String(request.status)
            let line =
                "\(request.service) \(request.operation)".padded(34) + " " + request.milliseconds.padded(10) + " "
                + request.path
            let cut = String(line.prefix(max(20, Terminal.width - 6)))
            view.append((request.status < 400 ? Terminal.green(status) : Terminal.red(status)) + " " + cut)
        }
        return view
    }
}

extension String {
    func padded(_ width: Int) -> String {
        count >= width ? self : self + String(repeating: " ", count: width - count)
    }
}
