import AWSClient
import AWSWire
import Ground
import NIOCore
import NIOHTTP1
import Synchronization

/// A network that answers as a test says, and remembers what was sent.
final class FakeTransport: HTTPTransport {
    /// What was sent, its body read to the end.
    struct Sent: Sendable {
        let call: HTTPCall
        let body: ByteBuffer
    }

    private let sent = Mutex<[Sent]>([])
    private let answer: @Sendable (_ call: HTTPCall, _ number: Int) async throws -> HTTPReply

    /// - Parameter answer: told the request and its number, from 1.
    init(_ answer: @escaping @Sendable (_ call: HTTPCall, _ number: Int) async throws -> HTTPReply) {
        self.answer = answer
    }

    var calls: [Sent] { sent.withLock { $0 } }

    func send(_ call: HTTPCall, timeout: Duration) async throws -> HTTPReply {
        let body = try await call.body.collect(upTo: 1 << 24)
        let number = sent.withLock { sent in
            sent.append(Sent(call: call, body: body))
            return sent.count
        }
        return try await answer(call, number)
    }

    func shutdown() async throws {}
}

extension HTTPReply {
    /// An S3 error.
    static func refusal(_ status: Int, _ code: String, headers: HTTPHeaders = [:]) -> HTTPReply {
        HTTPReply(
            status: status, headers: headers,
            body: ByteStream("<Error><Code>\(code)</Code><Message>said so</Message></Error>"))
    }
}

/// Waits for nothing, and remembers for how long it was asked to.
final class RecordingSleeper: Sendable {
    private let asked = Mutex<[Duration]>([])

    var waits: [Duration] { asked.withLock { $0 } }

    var sleep: Sleeper {
        { duration in self.asked.withLock { $0.append(duration) } }
    }
}

extension Credentials {
    static let test = Credentials(accessKeyID: "AKID", secretAccessKey: "secret")
}
