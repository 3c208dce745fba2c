import AWSWire
import ArgumentParser
import Cloud
import Ground
import Lab

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

struct LabCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab", abstract: "Walk the lab, checking every step.", subcommands: [Run.self, List.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the steps, with the command that does each by hand.")

        func run() {
            var activity = ""
            for step in LabRunner.steps {
                if step.activity != activity {
                    activity = step.activity
                    Terminal.print("\n\(Terminal.bold(activity))")
                }
                Terminal.print(
                    "  \(step.id)\n      \(step.title). \(step.purpose)\n      \(Terminal.dim(step.command))")
            }
        }
    }

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run every step on a fresh server and write a report.",
            discussion: "Ends with 0 only if every check held. Example: skylab lab run --report build/lab-report")

        @Option(help: ArgumentHelp("Where the report goes.", valueName: "dir"))
        var report = "build/lab-report"

        @Option(help: ArgumentHelp("The app's program, where it is not beside this one.", valueName: "file"))
        var app: String?

        @Option(help: "The region of the lab.")
        var region = "ap-south-1"

        @Flag(help: "Print the JSON report instead of progress and table.")
        var json = false

        func run() async throws {
            let program = ChildProcess.currentExecutable
            let folder = program.lastIndex(of: "/").map { String(program[..<$0]) } ?? "."
            let appProgram = app ?? "\(folder)/labapp"
            guard access(appProgram, X_OK) == 0 else {
                throw CommandFailure(
                    "there is no app at \(appProgram). Build it with `swift build --product labapp`, or name it with --app FILE."
                )
            }
            let started = WallClock.now
            let clock = ContinuousClock()
            let begun = clock.now
            let server = try await LabServer.start(program: program, region: region, logs: "\(report)/logs")
            let results: [StepResult]
            do {
                results = try await walk(server, appProgram: appProgram)
            } catch {
                await server.stop()
                throw error
            }
            await server.stop()
            let facts = [
                ("Server", "Skylab \(server.record.version), ephemeral, at \(server.record.url)"),
                ("Account", server.record.account), ("Region", region),
                ("Started", started.iso8601(milliseconds: false)),
            ]
            let labReport = LabReport(results: results, facts: facts, started: started, duration: clock.now - begun)
            let page = try labReport.write(to: report)
            if json {
                Terminal.print(try ServerStart.text(of: "\(report)/report.json"))
            } else {
                close(labReport, page)
            }
            guard labReport.holds else { throw ExitCode.failure }
        }

        private func walk(_ server: LabServer, appProgram: String) async throws -> [StepResult] {
            let account = try RootAccount.read("\(server.record.stateDirectory)/credentials")
            let lab = try LocalLab(
                .init(
                    endpoint: server.record.url, region: region, account: account.id,
                    credentials: Credentials(
                        accessKeyID: account.accessKeyID, secretAccessKey: account.secretAccessKey),
                    appProgram: appProgram, appPort: try LabServer.freePort(), logDirectory: server.logDirectory))
            if !json {
                Terminal.print(
                    "Skylab \(server.record.version) on a fresh state at \(server.record.url), bucket in \(region)")
            }
            var activity = ""
            let results = await LabRunner(session: lab.session).run(
                willRun: { step in
                    guard !json else { return }
                    if step.activity != activity {
                        activity = step.activity
                        Terminal.print("\n\(Terminal.bold(activity))")
                    }
                    if Terminal.isInteractive { Terminal.show("  … \(step.title)") }
                },
                didRun: { result in if !json { show(result) } })
            try await lab.shutdown()
            return results
        }

        private func show(_ result: StepResult) {
            if Terminal.isInteractive { Terminal.show("\r\u{1B}[K") }
            switch result.outcome {
            case .passed: Terminal.print("  \(Terminal.green("✓")) \(result.step.title)")
            case .skipped: Terminal.print("  \(Terminal.dim("- \(result.step.title) (skipped)"))")
            case .failed(let message):
                Terminal.print("  \(Terminal.red("✗")) \(result.step.title)\n      \(message)")
                Terminal.print("      by hand: \(result.step.command)")
            }
        }

        private func close(_ report: LabReport, _ page: String) {
            let width = report.results.map(\.step.id.count).max() ?? 0
            Terminal.print("\n\("step".padded(width))  result   ms")
            for result in report.results {
                let outcome =
                    switch result.outcome {
                    case .passed: "passed "
                    case .skipped: "skipped"
                    case .failed: "FAILED "
                    }
                Terminal.print("\(result.step.id.padded(width))  \(outcome)  \(result.milliseconds)")
            }
            Terminal.print("\n\(report.passed) checks held, \(report.failed) failed, \(report.skipped) skipped")
            Terminal.print("report: \(page)")
        }
    }
}
