import Foundation
import Ground
import HTTPServer
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@Suite struct ResponseTests {
    private struct Broken: Error {}

    @Test func headAndBodylessStatusesKeepTheirHeaders() async throws {
        let responder = Responder { request in
            switch request.uri {
            case "/own": HTTPServerResponse(status: .ok, headers: ["Content-Length": "1234"])
            case "/length": .text("12345")
            case "/204": HTTPServerResponse(status: .noContent)
            default:
                HTTPServerResponse(status: .notModified, headers: ["ETag": "\"e\""], body: ByteStream("never sent"))
            }
        }
        try await withServer(responder) { server in
            let client = try await RawClient(server)
            try await client.send("HEAD /own HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await client.response(toHead: true).headers["content-length"] == ["1234"])
            try await client.send("HEAD /length HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await client.response(toHead: true).headers["content-length"] == ["5"])
            try await client.send("GET /204 HTTP/1.1\r\nHost: h\r\n\r\n")
            let empty = try await client.response()
            #expect(empty.status == 204)
            #expect(empty.headers["content-length"].isEmpty)
            try await client.send("GET /304 HTTP/1.1\r\nHost: h\r\n\r\n")
            let unchanged = try await client.response()
            #expect(unchanged.status == 304)
            #expect(unchanged.headers["etag"] == ["\"e\""])
            try await client.send("GET /length HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await client.response().text == "12345")
        }
    }

    @Test func theServerFramesTheAnswer() async throws {
        let responder = Responder { _ in
            HTTPServerResponse(
                status: .ok,
                headers: [
                    "Content-Length": "99", "Transfer-Encoding": "gzip", "Connection": "x", "Date": "mine",
                    "X-Evil": "a\r\nSet-Cookie: b\u{0}",
                ],
                body: ByteStream("abc"))
        }
        try await withServer(responder) { server in
            let client = try await RawClient(server)
            try await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            let response = try await client.response()
            #expect(response.headers["content-length"] == ["3"])
            #expect(response.headers["transfer-encoding"].isEmpty)
            #expect(response.headers["connection"].isEmpty)
            #expect(response.headers["date"] == ["mine"])
            #expect(response.headers["x-evil"] == ["a  Set-Cookie: b "])
            #expect(response.headers["set-cookie"].isEmpty)
            #expect(response.text == "abc")
        }
    }

    /// A stream of `chunks`, and `failure` behind them.
    private static func stream(_ chunks: [String], length: Int64? = nil, failure: (any Error)? = nil) -> ByteStream {
        let rest = Mutex(chunks[...])
        return ByteStream(length: length) {
            if let chunk = rest.withLock({ $0.popFirst() }) { return ByteBuffer(string: chunk) }
            if let failure { throw failure }
            return nil
        }
    }

    @Test func streams() async throws {
        let long = String(repeating: "y", count: 20_000)
        let responder = Responder { request in
            switch request.uri {
            case "/known": HTTPServerResponse(status: .ok, body: Self.stream(["ab", "", long], length: 20_002))
            case "/empty": HTTPServerResponse(status: .ok, body: Self.stream([]))
            default: HTTPServerResponse(status: .ok, body: Self.stream(["ab", "", long]))
            }
        }
        try await withServer(responder) { server in
            let client = try await RawClient(server)
            for target in ["/known", "/unknown"] {
                try await client.send("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
                let response = try await client.response()
                #expect(response.text == "ab" + long)
                #expect(response.headers["content-length"].isEmpty == (target == "/unknown"))
            }
            try await client.send("GET /empty HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await client.response().text == "")
            try await client.send("GET /unknown HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let head = try await client.head()
            #expect(head.headers["connection"] == ["close"])
            #expect(await client.receiveToEnd() == "ab" + long)
        }
    }

    @Test func olderClientsAreToldWhetherTheConnectionStays() async throws {
        try await withServer { server in
            let client = try await RawClient(server)
            try await client.send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try await client.response().headers["connection"] == ["keep-alive"])
            try await client.send("GET /2 HTTP/1.0\r\n\r\n")
            #expect(try await client.response().headers["connection"] == ["close"])
            #expect(await client.receiveToEnd() == "")
            let other = try await RawClient(server)
            try await other.send("GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            #expect(try await other.response().headers["connection"] == ["close"])
            #expect(await other.receiveToEnd() == "")
        }
    }

    @Test func aStreamThatFailsAtOnceBecomesAnError() async throws {
        let responder = Responder { request in
            request.uri == "/fails"
                ? HTTPServerResponse(status: .ok, body: Self.stream([], length: 5, failure: Broken())) : .text("fine")
        }
        try await withServer(responder) { server in
            let client = try await RawClient(server)
            try await client.send("GET /fails HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await client.response().status == 500)
            try await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await client.response().text == "fine")
        }
    }

    @Test(arguments: [
        ("/unknown", "2\r\nab\r\n"), ("/known", "ab"), ("/short", "ab"),
    ])
    func aStreamThatFailsLaterNeverEndsWell(_ target: String, _ received: String) async throws {
        let responder = Responder { request in
            switch request.uri {
            case "/unknown": HTTPServerResponse(status: .ok, body: Self.stream(["ab"], failure: Broken()))
            case "/known": HTTPServerResponse(status: .ok, body: Self.stream(["ab"], length: 5, failure: Broken()))
            default: HTTPServerResponse(status: .ok, body: Self.stream(["ab"], length: 5))
            }
        }
        try await withServer(responder) { server in
            let client = try await RawClient(server)
            try await client.send("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try await client.head()
            #expect(await client.receiveToEnd() == received)
        }
    }

    // MARK: Files

    private func withFile(_ count: Int, _ body: (String, [UInt8]) async throws -> Void) async throws {
        let path = NSTemporaryDirectory() + "/http-server-\(UUID().uuidString)"
        var bytes = (0..<1021).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 8) }
        while bytes.count < count { bytes += bytes }
        bytes.removeLast(bytes.count - count)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path, bytes)
    }

    @Test func filesAreSentAlsoWhenTheyAreDeletedMeanwhile() async throws {
        try await withFile(5_000_000) { path, bytes in
            let file = Mutex<OpenFile?>(try OpenFile(reading: path))
            let responder = Responder { request in
                guard let file = file.withLock({ $0 }) else { return .text("gone", .notFound) }
                let slices =
                    request.uri == "/small"
                    ? [FileSlice(file: file, offset: 10, length: 100), FileSlice(file: file, offset: 0, length: 5)]
                    : [
                        FileSlice(file: file, offset: 1, length: 4_000_000),
                        FileSlice(file: file, offset: 0, length: 0),
                        FileSlice(file: file, offset: 4_999_990, length: 10),
                    ]
                return HTTPServerResponse(status: .ok, body: ByteStream(files: slices))
            }
            try await withServer(responder) { server in
                let client = try await RawClient(server)
                try await client.send("GET /small HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(
                    Array(try await client.response().body.readableBytesView) == Array(bytes[10..<110] + bytes[0..<5]))
                for _ in 1...2 {
                    try await client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n")
                    let head = try await client.head()
                    #expect(head.headers["content-length"] == ["4000010"])
                    try FileManager.default.removeItem(atPath: path)
                    try Data(bytes).write(to: URL(fileURLWithPath: path))
                    let body = try await client.receive(4_000_010)
                    #expect(Array(buffer: body) == Array(bytes[1..<4_000_001] + bytes[4_999_990...]))
                }
                try await client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n")
                _ = try await client.head()
                file.withLock { $0 = nil }
                #expect(try await client.receive(4_000_010).readableBytes == 4_000_010)
            }
        }
    }

    @Test(arguments: [100, 300_000]) func aFileThatIsShorterThanItsSlice(_ length: Int64) async throws {
        try await withFile(50) { path, _ in
            let file = try OpenFile(reading: path)
            let responder = Responder { _ in
                HTTPServerResponse(
                    status: .ok, body: ByteStream(files: [FileSlice(file: file, offset: 0, length: length)]))
            }
            try await withServer(responder) { server in
                let client = try await RawClient(server)
                try await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try await client.response().status == 500)
            }
        }
    }

    // MARK: Back-pressure

    @Test func aSlowReaderSlowsTheProducer() async throws {
        let produced = Mutex(0)
        let total = 256 << 20
        let responder = Responder { _ in
            HTTPServerResponse(
                status: .ok,
                body: ByteStream(length: Int64(total)) {
                    let isDone = produced.withLock { produced in
                        produced += 1 << 20
                        return produced > total
                    }
                    return isDone ? nil : ByteBuffer(repeating: 3, count: 1 << 20)
                })
        }
        try await withServer(responder) { server in
            let client = try await RawClient(server)
            try await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try await client.head()
            var received = 0
            while received < 32 << 20, let bytes = await client.receiveSome() {
                received += bytes.readableBytes
                // The sockets' buffers, and what the server holds.
                #expect(produced.withLock { $0 } <= received + 24 << 20)
            }
            try await client.close()
        }
    }

    // MARK: Ends

    @Test func shutdownLetsAnswersEndAndClosesTheRest() async throws {
        let (started, finish) = (Gate(), Gate())
        let responder = Responder { request in
            guard request.uri == "/slow" else { return .text("quick") }
            await started.open()
            await finish.wait()
            return .text("slow")
        }
        let server = try await HTTPServer.start(
            host: "127.0.0.1", port: 0, responder: responder, eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
        let idle = try await RawClient(server)
        try await idle.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(try await idle.response().text == "quick")
        let busy = try await RawClient(server)
        try await busy.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
        await started.wait()
        async let shutdown: Void = server.shutdown(gracePeriod: .seconds(3600))
        #expect(await idle.receiveToEnd() == "")
        await finish.open()
        let response = try await busy.response()
        #expect(response.text == "slow")
        #expect(response.headers["connection"] == ["close"])
        #expect(await busy.receiveToEnd() == "")
        await shutdown
        await #expect(throws: (any Error).self) { _ = try await RawClient(server) }
    }

    @Test func shutdownCutsAndCancelsWhatTakesTooLong() async throws {
        let (started, cancelled) = (Gate(), Gate())
        let responder = Responder { _ in
            await started.open()
            try? await Task.sleep(for: .seconds(3600))
            await cancelled.open()
            return .text("never")
        }
        let server = try await HTTPServer.start(
            host: "127.0.0.1", port: 0, responder: responder, eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
        let client = try await RawClient(server)
        try await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        await started.wait()
        await server.shutdown(gracePeriod: .milliseconds(1))
        await cancelled.wait()
        #expect(await client.receiveToEnd() == "")
    }

    @Test func idleConnectionsAreClosed() async throws {
        try await withServer(configure: { $0.idleTimeout = .milliseconds(20) }) { server in
            let client = try await RawClient(server)
            try await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await client.response().status == 200)
            #expect(await client.receiveToEnd() == "")
        }
        try await withServer(configure: { $0.headerTimeout = .milliseconds(20) }) { server in
            let client = try await RawClient(server)
            try await client.send("GET / HTTP/1.1\r\nHo")
            #expect(await client.receiveToEnd() == "")
        }
    }

    @Test func connectionsAreBounded() async throws {
        try await withServer(configure: { $0.maximumConnections = 1 }) { server in
            let first = try await RawClient(server)
            try await first.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await first.response().text == "GET /1 ")
            let second = try await RawClient(server)
            try await second.send("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await second.response().status == 503)
            #expect(await second.receiveToEnd() == "")
        }
    }

    @Test func aTakenPortIsNamed() async throws {
        try await withServer { server in
            let port = try #require(server.localAddress.port)
            do throws(HTTPServerError) {
                _ = try await HTTPServer.start(
                    host: "127.0.0.1", port: port, responder: Responder.echo,
                    eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
                Issue.record("two servers on one port")
            } catch {
                #expect("\(error)" == "port \(port) on 127.0.0.1 is in use by another process")
            }
        }
    }
}
