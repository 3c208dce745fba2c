import AWSClient
import AWSModels
import AWSWire
import Foundation
import Ground
import NIOHTTP1
import Synchronization

/// A client that knows no more than an environment says, and whom its calls are signed by.
struct Scene: Sendable {
    let transport: FakeTransport
    let sleeper = RecordingSleeper()
    let s3: S3Client

    init(
        _ environment: [String: String], region: String? = "us-east-1", at now: Now? = nil,
        answer: @escaping @Sendable (_ call: HTTPCall) throws -> HTTPReply = { _ in HTTPReply(status: 404) }
    ) throws {
        transport = FakeTransport { call, _ in
            call.target.hasPrefix("/a-bucket") || call.endpoint.host.hasPrefix("a-bucket.")
                ? HTTPReply(status: 200) : try answer(call)
        }
        let configuration = AWSClient.Configuration(
            region: region, environment: ProcessEnvironment(["HOME": "/nonexistent"].merging(environment) { $1 }))
        s3 = S3Client(
            try AWSClient(
                configuration,
                in: AWSClient.Surroundings(
                    transport: transport, sleep: sleeper.sleep, random: { 1 }, now: { now?.value ?? WallClock.now })))
    }

    /// Makes a call to S3, and gives it as it was sent.
    @discardableResult
    func call() async throws -> HTTPCall? {
        _ = try await s3.headBucket(S3.HeadBucketRequest(bucket: "a-bucket"))
        return transport.calls.last?.call
    }

    /// The access key that a call to S3 is signed with.
    func signer() async throws -> String? { try await call()?.accessKeyID }

    /// What was sent to others than S3's bucket.
    var asked: [HTTPCall] {
        transport.calls.map(\.call).filter {
            !$0.target.hasPrefix("/a-bucket") && !$0.endpoint.host.hasPrefix("a-bucket.")
        }
    }
}

extension HTTPCall {
    /// The access key in its signature.
    var accessKeyID: String? {
        headers.first(name: "authorization")?.split(separator: "Credential=").last?.split(separator: "/").first.map {
            String($0)
        }
    }
}

/// A folder of small files that goes away with its test.
final class TemporaryFolder: Sendable {
    private let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Writes a file; its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        return file.path
    }

    var path: String { url.path }
}

/// A clock that a test sets.
final class Now: Sendable {
    private let time = Mutex(Timestamp(seconds: 1_000_000))

    var value: Timestamp { time.withLock { $0 } }
    func move(_ seconds: Int64) { time.withLock { $0 = $0.advanced(by: .seconds(seconds)) } }
    func later(_ seconds: Int64) -> Timestamp { value.advanced(by: .seconds(seconds)) }
}
