import AWSClient
import AWSModels
import AWSWire
import Ground
import Logging
import Testing

private let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

/// A provider whose answers a test makes one by one.
private actor FakeProvider: CredentialProvider {
    nonisolated let name = "fake"
    private(set) var asked = 0
    private var answer: Result<ExpiringCredentials?, CredentialError> = .success(nil)
    private var gate: [CheckedContinuation<Void, Never>] = []
    private var isHeld = false

    func answers(_ id: String, expiring expiration: Timestamp?) {
        answer = .success(
            ExpiringCredentials(Credentials(accessKeyID: id, secretAccessKey: "s"), expiration: expiration))
    }

    func answers(_ error: CredentialError) { answer = .failure(error) }

    /// From now on nobody gets an answer.
    func hold() { isHeld = true }

    func release() {
        isHeld = false
        for waiter in gate { waiter.resume() }
        gate = []
    }

    func credentials() async throws -> ExpiringCredentials? {
        asked += 1
        if isHeld { await withCheckedContinuation { gate.append($0) } }
        return try answer.get()
    }
}

@Suite struct CredentialCacheTests {
    private let provider = FakeProvider()
    private let now = Now()

    private var cache: CredentialCache {
        let now = now
        return CredentialCache(provider, logger: quiet, now: { now.value })
    }

    @Test func askedOnceForWhatDoesNotExpire() async throws {
        let cache = cache
        await provider.answers("A", expiring: nil)
        for _ in 0..<3 { #expect(try await cache.credentials().accessKeyID == "A") }
        now.move(1_000_000)
        #expect(try await cache.credentials().accessKeyID == "A")
        #expect(await provider.asked == 1)
    }

    @Test func renewedMinutesBeforeTheyExpire() async throws {
        let cache = cache
        await provider.answers("A", expiring: now.later(3600))
        _ = try await cache.credentials()
        await provider.answers("B", expiring: now.later(7200))
        now.move(3600 - 301)
        #expect(try await cache.credentials().accessKeyID == "A")
        now.move(2)
        #expect(try await cache.credentials().accessKeyID == "B")
        #expect(await provider.asked == 2)
    }

    @Test func oneRenewalForAllWhoWait() async throws {
        let cache = cache
        await provider.answers("A", expiring: now.later(3600))
        await provider.hold()
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 { group.addTask { try await cache.credentials().accessKeyID } }
            while await provider.asked == 0 { await Task.yield() }
            await provider.release()
            for try await id in group { #expect(id == "A") }
        }
        #expect(await provider.asked == 1)
    }

    @Test func aCallerThatIsCancelledTakesNobodyAlong() async throws {
        let cache = cache
        await provider.answers("A", expiring: nil)
        await provider.hold()
        let impatient = Task { try await cache.credentials() }
        while await provider.asked == 0 { await Task.yield() }
        let patient = Task { try await cache.credentials() }
        impatient.cancel()
        await provider.release()
        #expect(try await patient.value.accessKeyID == "A")
    }

    @Test func theOldOnesServeWhileTheyAreGood() async throws {
        let cache = cache
        await provider.answers("A", expiring: now.later(600))
        _ = try await cache.credentials()
        await provider.answers(CredentialError("down"))
        now.move(400)
        #expect(try await cache.credentials().accessKeyID == "A")
        #expect(try await cache.credentials().accessKeyID == "A")
        // Not for each request: the second one did not ask.
        #expect(await provider.asked == 2)
        now.move(16)
        #expect(try await cache.credentials().accessKeyID == "A")
        #expect(await provider.asked == 3)
        now.move(300)
        await #expect(throws: CredentialError("down")) { try await cache.credentials() }
        await provider.answers("B", expiring: now.later(3600))
        #expect(try await cache.credentials().accessKeyID == "B")
    }

    @Test func whatAServiceCalledExpiredIsForgotten() async throws {
        let cache = cache
        await provider.answers("A", expiring: now.later(3600))
        let first = try await cache.credentials()
        await provider.answers("B", expiring: now.later(3600))
        await cache.discard(first)
        #expect(try await cache.credentials().accessKeyID == "B")
        // The first ones are gone already: the new ones stay.
        await cache.discard(first)
        #expect(try await cache.credentials().accessKeyID == "B")
        #expect(await provider.asked == 2)
    }
}

@Suite struct CredentialChainTests {
    private struct Place: CredentialProvider {
        let name: String
        let found: ExpiringCredentials?
        var error: CredentialError?

        func credentials() async throws -> ExpiringCredentials? {
            if let error { throw error }
            return found
        }
    }

    private let some = ExpiringCredentials(.test)

    @Test func theFirstThatHasAny() async throws {
        let chain = CredentialChain(
            [
                Place(name: "a", found: nil), Place(name: "b", found: some),
                Place(name: "c", found: nil, error: CredentialError("never asked")),
            ], logger: quiet)
        #expect(try await chain.credentials() == some)
    }

    @Test func whatIsSetUpAndFailsIsNotSkipped() async {
        let chain = CredentialChain(
            [Place(name: "a", found: nil, error: CredentialError("broken")), Place(name: "b", found: some)],
            logger: quiet)
        await #expect(throws: CredentialError("broken")) { try await chain.credentials() }
    }

    @Test func whoWasAskedIsTold() async throws {
        let chain = CredentialChain([Place(name: "one", found: nil), Place(name: "two", found: nil)], logger: quiet)
        let error = await #expect(throws: CredentialError.self) { try await chain.credentials() }
        #expect(error?.description.contains("one, two") == true)
    }

    /// The default chain, seen from outside: who signed, with the metadata services of ECS and EC2 there.
    private func signer(_ environment: [String: String]) async throws -> String? {
        let scene = try Scene(environment) { call in
            switch (call.endpoint.host, call.target.hasSuffix("/role")) {
            case ("169.254.170.2", _):
                HTTPReply(status: 200, body: ByteStream(#"{"AccessKeyId":"CONTAINER","SecretAccessKey":"s"}"#))
            case (_, true):
                HTTPReply(
                    status: 200,
                    body: ByteStream(#"{"Code":"Success","AccessKeyId":"INSTANCE","SecretAccessKey":"s"}"#))
            default: HTTPReply(status: 200, body: ByteStream("role"))
            }
        }
        return try await scene.signer()
    }

    @Test func defaultOrder() async throws {
        let folder = try TemporaryFolder()
        var environment = [
            "AWS_ACCESS_KEY_ID": "ENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "s",
            "AWS_SHARED_CREDENTIALS_FILE": try folder.write(
                "[default]\naws_access_key_id = PROFILE\naws_secret_access_key = s", to: "credentials"),
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/creds",
        ]
        #expect(try await signer(environment) == "ENVIRONMENT")
        environment["AWS_ACCESS_KEY_ID"] = nil
        #expect(try await signer(environment) == "PROFILE")
        environment["AWS_SHARED_CREDENTIALS_FILE"] = nil
        #expect(try await signer(environment) == "CONTAINER")
        environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = nil
        #expect(try await signer(environment) == "INSTANCE")
        environment["AWS_EC2_METADATA_DISABLED"] = "true"
        await #expect(throws: CredentialError.self) { try await signer(environment) }
    }

    @Test func webIdentityIsRefusedByName() async throws {
        let environment = ["AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": "arn"]
        let error = await #expect(throws: CredentialError.self) { try await signer(environment) }
        #expect(error?.description.contains("AWS_WEB_IDENTITY_TOKEN_FILE") == true)
    }
}
