import Cloud
import Ground

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The server of a lab run: `skylab up --ephemeral` on a free port, as a process of its own.
struct LabServer {
    let process: ChildProcess
    let record: ServerRecord
    let logDirectory: String

    /// - Parameter logs: the folder for the logs of the server and of the app.
    static func start(program: String, region: String, logs: String) async throws -> LabServer {
        try Directories.make(logs)
        let port = try freePort()
        let output = "\(logs)/server.log"
        let process = try ChildProcess(
            program, ["up", "--ephemeral", "--port", String(port), "--region", region, "--json"], output: output)
        let record = try await ServerStart.wait(for: process, port: port, output: output)
        return LabServer(process: process, record: record, logDirectory: logs)
    }

    func stop() async {
        process.send(SIGTERM)
        if await process.end(within: .seconds(15)) == nil {
            process.send(SIGKILL)
            _ = await process.end(within: .seconds(5))
        }
    }

    /// A port that nobody listens on now.
    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError.last("socket", "") }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 ? getsockname(descriptor, address, &length) : -1
            }
        }
        guard code == 0 else { throw SystemError.last("bind", "127.0.0.1") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
