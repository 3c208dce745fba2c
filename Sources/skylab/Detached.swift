import Cloud
import Ground

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// `skylab up --detach`: this program again, in a session of its own.
enum Detached {
    static func start(_ up: Up) async throws {
        if let running = ServerRecord.find(port: up.port) {
            throw CommandFailure("a Skylab server (process \(running.processID)) already runs at \(running.url).")
        }
        let temporary = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        let output = "\(temporary)/skylab-up-\(getpid()).log"
        // Only what is said before the server is ready is of use; then it has a log of its own.
        defer { unlink(output) }
        let child = try ChildProcess(ChildProcess.currentExecutable, arguments(of: up), output: output)
        let record = try await ServerStart.wait(for: child, port: up.port, output: output)
        if up.json { return Terminal.print(record.json) }
        Terminal.print("Skylab \(record.version) runs at \(record.url) (process \(record.processID)).")
        if up.open { Terminal.warn("WARNING: --open: every access key and signature is accepted.") }
        let port = up.port == CloudServer.standardPort ? "" : " --port \(up.port)"
        Terminal.print("  eval \"$(skylab env\(port))\"    points AWS clients at it")
        Terminal.print("  skylab down\(port)               stops it")
    }

    private static func arguments(of up: Up) -> [String] {
        var arguments = ["up", "--port", String(up.port), "--host", up.host, "--region", up.region, "--quiet"]
        arguments += ["--speed", String(up.speed)]
        if let state = up.state { arguments += ["--state", StateDirectory.absolute(state)] }
        if let account = up.account { arguments += ["--account", account] }
        if up.ephemeral { arguments.append("--ephemeral") }
        if up.open { arguments.append("--open") }
        return arguments
    }
}
