import AsyncHTTPClient
import Ground
import NIOCore
import NIOHTTP1
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The lab's app as a process, and a small client of its HTTP interface.
final class AppProcess: Sendable {
    struct Answer: Sendable {
        let status: Int
        let contentType: String
        let text: String
        let json: JSONValue?
    }

    private static let readyWithin = Duration.seconds(15)

    let port: Int
    private let program: String
    private let environment: [String]
    private let log: String
    private let process = Mutex<ChildProcess?>(nil)

    /// What no answer may tell.
    let secrets: [String]

    init(program: String, environment: [String], port: Int, log: String, secrets: [String]) {
        self.secrets = secrets
        self.program = program
        self.environment = environment
        self.port = port
        self.log = log
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// Starts the app and waits until it is healthy.
    func start() async throws {
        let child = try ChildProcess(program, [], environment: environment, output: log)
        process.withLock { $0 = child }
        let clock = ContinuousClock()
        let deadline = clock.now + Self.readyWithin
        while clock.now < deadline {
            if let ending = child.poll() {
                process.withLock { $0 = nil }
                throw LabFailure("the app ended with \(ending); its log is \(log)")
            }
            if let answer = try? await send(.GET, "/healthz"), answer.status == 200 { return }
            // Another process's start can only be polled for: wall time.
            try await Task.sleep(for: .milliseconds(20))
        }
        throw LabFailure("the app is not healthy after 15 seconds; its log is \(log)")
    }

    /// Sends SIGTERM; how the app ended.
    func terminate(within duration: Duration = .seconds(15)) async -> ChildProcess.Ending? {
        guard let child = process.withLock({ $0 }) else { return nil }
        child.send(SIGTERM)
        var ending = await child.end(within: duration)
        if ending == nil {
            child.send(SIGKILL)
            ending = await child.end(within: .seconds(5))
        }
        process.withLock { $0 = nil }
        return ending
    }

    func send(
        _ method: HTTPMethod, _ path: String, json: String? = nil, form: String? = nil, body: [UInt8]? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        if let json {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: json))
        } else if let form {
            request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            request.body = .bytes(ByteBuffer(string: form))
        } else if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(body)
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let text = String(buffer: try await response.body.collect(upTo: 32 << 20))
        let type = response.headers.first(name: "content-type") ?? ""
        return Answer(
            status: Int(response.status.code), contentType: type, text: text,
            json: type.hasPrefix("application/json") ? JSONValue(text) : nil)
    }
}
