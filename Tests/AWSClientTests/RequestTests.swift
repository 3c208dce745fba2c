import AWSClient
import AWSModels
import AWSWire
import Ground
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

/// Calls through a fake network: what goes out, and how often.
@Suite struct RequestTests {
    private let sleeper = RecordingSleeper()

    private func s3(
        _ transport: FakeTransport, endpoint: String = "https://s3.test", attempts: Int = 3,
        environment: [String: String] = [:], now: @escaping @Sendable () -> Timestamp = { WallClock.now }
    ) throws -> S3Client {
        let configuration = AWSClient.Configuration(
            credentials: StaticCredentials(.test), region: "us-east-1", endpoint: try Endpoint(endpoint),
            retries: RetryPolicy(maximumAttempts: attempts), environment: ProcessEnvironment(environment))
        return S3Client(
            try AWSClient(
                configuration,
                in: AWSClient.Surroundings(
                    transport: transport, sleep: sleeper.sleep, random: { 1 }, now: now)))
    }

    private func put(_ body: ByteStream) -> S3.PutObjectRequest {
        S3.PutObjectRequest(body: body, bucket: "bucket", key: "a b/ü")
    }

    @Test func aPutAsItGoesOut() async throws {
        let transport = FakeTransport { _, _ in HTTPReply(status: 200, headers: ["ETag": "\"e\""]) }
        let output = try await s3(transport, endpoint: "http://127.0.0.1:4566/base").putObject(
            put(ByteStream("hello")))
        #expect(output.eTag == "\"e\"")
        let call = try #require(transport.calls.first?.call)
        #expect(call.method == .PUT && call.target.hasPrefix("/base/bucket/a%20b/%C3%BC"))
        #expect(call.headers["host"] == ["127.0.0.1:4566"])
        #expect(call.headers["x-amz-checksum-crc32"] == ["NhCmhg=="])
        #expect(call.headers["x-amz-sdk-checksum-algorithm"] == ["CRC32"])
        #expect(
            call.headers["x-amz-content-sha256"]
                == ["2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"])
        #expect(call.headers.first(name: "authorization")?.hasPrefix("AWS4-HMAC-SHA256 Credential=AKID/") == true)
    }

    @Test func theChecksumThatWasAskedFor() async throws {
        let transport = FakeTransport { _, _ in HTTPReply(status: 200) }
        var input = put(ByteStream("hello"))
        input.checksumAlgorithm = "SHA256"
        _ = try await s3(transport).putObject(input)
        input.checksumAlgorithm = nil
        input.checksumCRC32C = "mnG7TA=="
        _ = try await s3(transport).putObject(input)
        input = put(ByteStream("hello"))
        _ = try await s3(transport, environment: ["AWS_REQUEST_CHECKSUM_CALCULATION": "when_required"])
            .putObject(input)
        let names = transport.calls.map { sent in
            sent.call.headers.map { $0.name.lowercased() }.filter { $0.hasPrefix("x-amz-checksum-") }
        }
        #expect(names == [["x-amz-checksum-sha256"], ["x-amz-checksum-crc32c"], []])
        input.checksumAlgorithm = "XXHASH3"
        let unknown = input
        await #expect(throws: ConfigurationError.self) { try await s3(transport).putObject(unknown) }
    }

    @Test func aStreamHasItsChecksumBehindIt() async throws {
        let transport = FakeTransport { _, _ in HTTPReply(status: 200) }
        let chunks = Mutex(["hel", "", "lo"])
        let body = ByteStream(length: 5) {
            chunks.withLock { $0.isEmpty ? nil : ByteBuffer(string: $0.removeFirst()) }
        }
        _ = try await s3(transport).putObject(put(body))
        let sent = try #require(transport.calls.first)
        #expect(String(buffer: sent.body) == "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n")
        #expect(sent.call.body.length == Int64(sent.body.readableBytes))
        let headers = sent.call.headers
        #expect(headers["x-amz-content-sha256"] == ["STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
        #expect(headers["x-amz-decoded-content-length"] == ["5"])
        #expect(headers["x-amz-trailer"] == ["x-amz-checksum-crc32"] && headers["content-encoding"] == ["aws-chunked"])
    }

    @Test(arguments: [0, 1, 65535, 65536, 65537, 131072, 300_000], [ChecksumAlgorithm.crc32, .crc64nvme, .sha256])
    func framesComeApartAsTheyWere(_ length: Int, _ algorithm: ChecksumAlgorithm) async throws {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for piece in [1000, 65536, 1 << 20] {
            let position = Mutex(0)
            let body = ByteStream(length: Int64(length)) {
                position.withLock { position in
                    guard position < length else { return nil }
                    let end = min(position + piece, length)
                    defer { position = end }
                    return ByteBuffer(bytes: bytes[position..<end])
                }
            }
            let framed = TrailingChecksumBody.framing(body, algorithm)
            let sent = try await framed.collect(upTo: 1 << 20)
            #expect(framed.length == Int64(sent.readableBytes))
            let received = try VerifiedBody.wrap(
                ByteStream(sent), headers: ["x-amz-decoded-content-length": "\(length)"], hash: .unsignedTrailer,
                signing: nil)
            #expect(try await received.collect(upTo: 1 << 20) == ByteBuffer(bytes: bytes))
            let checksum = Base64.encode(ChecksumHasher.checksum(algorithm, of: ByteBuffer(bytes: bytes)))
            #expect(received.trailers.map { "\($0.name):\($0.value)" } == ["\(algorithm.headerName):\(checksum)"])
        }
    }

    @Test func transientFailuresAreTriedAgain() async throws {
        let transport = FakeTransport { _, number in
            switch number {
            case 1: throw TransportError.connection("refused")
            case 2: return .refusal(503, "SlowDown")
            default: return HTTPReply(status: 200)
            }
        }
        _ = try await s3(transport).putObject(put(ByteStream("hello")))
        #expect(transport.calls.map { String(buffer: $0.body) } == ["hello", "hello", "hello"])
        #expect(sleeper.waits == [.seconds(1), .seconds(2)])
    }

    @Test func theLastFailureIsTold() async throws {
        let transport = FakeTransport { _, _ in .refusal(500, "InternalError") }
        let error = await #expect(throws: AWSError.self) { try await s3(transport).putObject(put(ByteStream("x"))) }
        #expect(error?.code == "InternalError" && error?.message == "said so" && error?.status == 500)
        #expect(transport.calls.count == 3)
    }

    @Test func permanentFailuresAreTriedOnce() async throws {
        let transport = FakeTransport { _, _ in .refusal(403, "AccessDenied") }
        await #expect(throws: AWSError.self) { try await s3(transport).putObject(put(ByteStream("x"))) }
        #expect(transport.calls.count == 1 && sleeper.waits.isEmpty)
    }

    @Test func aProducerIsAskedOnce() async throws {
        let transport = FakeTransport { _, _ in .refusal(503, "SlowDown") }
        let isRead = Mutex(false)
        let body = ByteStream(length: 1) {
            isRead.withLock { isRead in
                defer { isRead = true }
                return isRead ? nil : ByteBuffer(string: "x")
            }
        }
        await #expect(throws: AWSError.self) { try await s3(transport).putObject(put(body)) }
        #expect(transport.calls.count == 1)
    }

    @Test func retriesRunOutForAllCallsTogether() async throws {
        let transport = FakeTransport { _, _ in .refusal(503, "SlowDown") }
        let s3 = try s3(transport, attempts: 2)
        for _ in 0..<150 {
            await #expect(throws: AWSError.self) { try await s3.headBucket(S3.HeadBucketRequest(bucket: "bucket")) }
        }
        // 500 tokens pay for 100 retries of 5.
        #expect(transport.calls.count == 250)
    }

    @Test func aWrongClockIsPutRightOnce() async throws {
        let there = Timestamp(seconds: 1_800_000_000)
        let date = there.httpDate
        let transport = FakeTransport { call, _ in
            call.headers.first(name: "x-amz-date") == there.basic
                ? HTTPReply(status: 200) : .refusal(403, "RequestTimeTooSkewed", headers: ["Date": date])
        }
        let s3 = try s3(transport, now: { Timestamp(seconds: 1_700_000_000) })
        _ = try await s3.headBucket(S3.HeadBucketRequest(bucket: "bucket"))
        _ = try await s3.headBucket(S3.HeadBucketRequest(bucket: "bucket"))
        #expect(transport.calls.count == 3 && sleeper.waits.isEmpty)
    }

    @Test func aClockThatStaysWrongIsTold() async throws {
        let transport = FakeTransport { _, _ in .refusal(403, "RequestTimeTooSkewed") }
        await #expect(throws: AWSError.self) {
            try await s3(transport).headBucket(S3.HeadBucketRequest(bucket: "bucket"))
        }
        #expect(transport.calls.count == 2)
    }

    @Test func anErrorWithinAnAnswerOf200() async throws {
        let transport = FakeTransport { _, number in
            number == 1
                ? .refusal(200, "InternalError")
                : HTTPReply(
                    status: 200,
                    body: ByteStream("<?xml version=\"1.0\"?><CopyObjectResult><ETag>e</ETag></CopyObjectResult>"))
        }
        let output = try await s3(transport).copyObject(
            S3.CopyObjectRequest(bucket: "bucket", copySource: "bucket/old", key: "new"))
        #expect(output.copyObjectResult?.eTag == "e" && transport.calls.count == 2)
    }

    @Test(
        arguments: [
            (200, ["x-amz-checksum-crc32": "NhCmhg=="], true), (200, ["x-amz-checksum-crc32": "AAAAAA=="], false),
            (200, ["x-amz-checksum-crc32": "AAAAAA==-2"], true), (206, ["x-amz-checksum-crc32": "AAAAAA=="], true),
            (200, [:], true), (200, ["x-amz-checksum-crc64nvme": "AAAAAAAAAAA="], false),
        ])
    func answersAreVerified(_ status: Int, _ headers: [String: String], _ isRight: Bool) async throws {
        let transport = FakeTransport { _, _ in
            HTTPReply(
                status: status, headers: HTTPHeaders(headers.map { ($0.key, $0.value) }), body: ByteStream("hello"))
        }
        let output = try await s3(transport).getObject(S3.GetObjectRequest(bucket: "bucket", key: "k"))
        #expect(transport.calls.first?.call.headers["x-amz-checksum-mode"] == ["ENABLED"])
        let body = try #require(output.body)
        if isRight {
            #expect(String(buffer: try await body.collect(upTo: 10)) == "hello")
        } else {
            await #expect(throws: ChecksumMismatch.self) { try await body.collect(upTo: 10) }
        }
    }

    @Test func whatTheEnvironmentSaysWrong() {
        let transport = FakeTransport { _, _ in HTTPReply(status: 200) }
        for variable in ["AWS_REQUEST_CHECKSUM_CALCULATION", "AWS_RESPONSE_CHECKSUM_VALIDATION"] {
            #expect(throws: ConfigurationError.self) { try s3(transport, environment: [variable: "sometimes"]) }
        }
    }

    /// Gives new keys each time it is asked.
    private actor Rotating: CredentialProvider {
        nonisolated let name = "rotating"
        private var asked = 0

        func credentials() async throws -> ExpiringCredentials? {
            asked += 1
            return ExpiringCredentials(
                Credentials(accessKeyID: "KEY\(asked)", secretAccessKey: "s", sessionToken: "T\(asked)"),
                expiration: WallClock.now.advanced(by: .seconds(3600)))
        }
    }

    @Test func expiredCredentialsAreRenewedOnceACall() async throws {
        let transport = FakeTransport { call, _ in
            call.headers["x-amz-security-token"] == ["T3"] ? HTTPReply(status: 200) : .refusal(400, "ExpiredToken")
        }
        let configuration = AWSClient.Configuration(
            credentials: Rotating(), region: "us-east-1", environment: ProcessEnvironment([:]))
        let s3 = S3Client(
            try AWSClient(
                configuration, in: AWSClient.Surroundings(transport: transport, sleep: sleeper.sleep, random: { 1 })))
        let input = S3.HeadBucketRequest(bucket: "bucket")
        let error = await #expect(throws: AWSError.self) { try await s3.headBucket(input) }
        #expect(error?.code == "ExpiredToken")
        #expect(transport.calls.map(\.call.accessKeyID) == ["KEY1", "KEY2"])
        // The second keys are still held; S3 calls them expired once more.
        _ = try await s3.headBucket(input)
        #expect(transport.calls.map(\.call.accessKeyID) == ["KEY1", "KEY2", "KEY2", "KEY3"])
        #expect(sleeper.waits.isEmpty)
    }

    @Test func errorsKeepAllThatWasTold() async throws {
        let transport = FakeTransport { _, _ in
            HTTPReply(
                status: 404, headers: ["x-amz-request-id": "R1", "x-amz-delete-marker": "true"],
                body: ByteStream(
                    """
                    <?xml version="1.0" encoding="UTF-8"?>
                    <Error><Code>NoSuchKey</Code><Message>a &amp; b</Message><Key>k</Key><HostId>h</HostId></Error>
                    """))
        }
        let error = await #expect(throws: AWSError.self) {
            try await s3(transport).getObject(S3.GetObjectRequest(bucket: "bucket", key: "k"))
        }
        #expect(error?.code == "NoSuchKey" && error?.message == "a & b" && error?.status == 404)
        #expect(error?.requestID == "R1" && error?.headers["x-amz-delete-marker"] == ["true"])
        #expect(error?.details.map(\.name) == ["Key"])
    }

    @Test(
        arguments: [
            (404, "", "NotFound", 1), (403, "", "Forbidden", 1), (502, "<html>proxy</html>", "BadGateway", 3),
            (400, "not <xml", "BadRequest", 1), (301, "", "MovedPermanently", 1),
            (503, String(repeating: "x", count: 2 << 20), "ServiceUnavailable", 3),
        ])
    func errorsWithoutADocument(_ status: Int, _ body: String, _ code: String, _ attempts: Int) async throws {
        let transport = FakeTransport { _, _ in HTTPReply(status: status, body: ByteStream(body)) }
        let error = await #expect(throws: AWSError.self) {
            try await s3(transport).headBucket(S3.HeadBucketRequest(bucket: "bucket"))
        }
        #expect(error?.code == code && error?.status == status && transport.calls.count == attempts)
    }

    @Test func errorsOfAWSQuery() async throws {
        let transport = FakeTransport { _, _ in
            HTTPReply(
                status: 403,
                body: ByteStream(
                    """
                    <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
                    <Code>InvalidClientTokenId</Code><Message>no</Message></Error>
                    <RequestId>R2</RequestId></ErrorResponse>
                    """))
        }
        let configuration = AWSClient.Configuration(
            credentials: StaticCredentials(.test), region: "us-east-1", environment: ProcessEnvironment([:]))
        let sts = STSClient(
            try AWSClient(configuration, in: AWSClient.Surroundings(transport: transport, sleep: sleeper.sleep)))
        let error = await #expect(throws: AWSError.self) {
            try await sts.getCallerIdentity(STS.GetCallerIdentityRequest())
        }
        #expect(error?.code == "InvalidClientTokenId" && error?.requestID == "R2")
    }

    @Test func anAnswerThatIsNone() async throws {
        let transport = FakeTransport { _, _ in HTTPReply(status: 200, body: ByteStream("<<<")) }
        await #expect(throws: WireError.self) { try await s3(transport).listBuckets(S3.ListBucketsRequest()) }
        #expect(transport.calls.count == 1)
        let endless = FakeTransport { _, _ in
            HTTPReply(
                status: 200, body: ByteStream(length: nil) { ByteBuffer(repeating: UInt8(ascii: " "), count: 1 << 20) })
        }
        await #expect(throws: WireError.self) { try await s3(endless).listBuckets(S3.ListBucketsRequest()) }
    }

    @Test func anAnswerThatBreaksOffIsAskedForAgain() async throws {
        let transport = FakeTransport { _, number in
            HTTPReply(
                status: 200,
                body: ByteStream(length: nil) {
                    guard number > 1 else { throw TransportError.connection("closed by the peer") }
                    return nil
                })
        }
        _ = try await s3(transport).listBuckets(S3.ListBucketsRequest())
        #expect(transport.calls.count == 2)
    }

    @Test func attemptsAsTheEnvironmentSays() async throws {
        let transport = FakeTransport { _, _ in .refusal(503, "SlowDown") }
        func s3(_ attempts: String) throws -> S3Client {
            S3Client(
                try AWSClient(
                    AWSClient.Configuration(
                        credentials: StaticCredentials(.test), region: "us-east-1",
                        environment: ProcessEnvironment(["AWS_MAX_ATTEMPTS": attempts])),
                    in: AWSClient.Surroundings(transport: transport, sleep: sleeper.sleep)))
        }
        await #expect(throws: AWSError.self) { try await s3("5").headBucket(S3.HeadBucketRequest(bucket: "bucket")) }
        #expect(transport.calls.count == 5)
        for wrong in ["0", "-1", "many"] { #expect(throws: ConfigurationError.self) { try s3(wrong) } }
    }
}
