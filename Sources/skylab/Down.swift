import ArgumentParser
import Cloud

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

struct Down: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop the server.",
        discussion: "Requests in flight finish first. What was stored stays, unless the server was ephemeral.")

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let record = try server.find()
        kill(record.processID, SIGTERM)
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(30)
        while kill(record.processID, 0) == 0 {
            guard clock.now < deadline else {
                throw CommandFailure(
                    "process \(record.processID) does not end. `kill -9 \(record.processID)` loses nothing that was acknowledged."
                )
            }
            // Another process's end can only be polled for: wall time, for a command alone.
            try await Task.sleep(for: .milliseconds(20))
        }
        Terminal.print("Stopped the server at \(record.url).")
    }
}
