import Cloud
import Ground

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Waits for a server that was just started.
enum ServerStart {
    private static let readyWithin = Duration.seconds(15)

    /// - Throws: ``CommandFailure`` with what the server said, where it ended or is not ready in time.
    static func wait(for process: ChildProcess, port: Int, output: String) async throws -> ServerRecord {
        let clock = ContinuousClock()
        let deadline = clock.now + readyWithin
        while clock.now < deadline {
            if let record = ServerRecord.find(port: port), record.processID == process.id { return record }
            if process.poll() != nil {
                throw CommandFailure("the server did not start:\n\((try? text(of: output)) ?? "")")
            }
            // The child tells only by its record that it is ready, so that is polled for: wall time, for a command alone.
            try await Task.sleep(for: .milliseconds(5))
        }
        process.send(SIGTERM)
        throw CommandFailure("the server was not ready within 15 seconds:\n\((try? text(of: output)) ?? "")")
    }

    static func text(of path: String) throws -> String {
        let file = try OpenFile(reading: path)
        var status = stat()
        guard fstat(file.descriptor, &status) == 0 else { throw SystemError.last("stat", path) }
        return String(buffer: try file.read(Int(status.st_size), at: 0))
    }
}
