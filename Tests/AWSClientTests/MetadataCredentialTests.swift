import AWSClient
import AWSWire
import Ground
import Testing

/// A document as ECS and EC2 hand it out.
private func document(_ id: String, expiration: Timestamp? = nil) -> HTTPReply {
    let expiration = expiration.map { #","Expiration":"\#($0.iso8601())""# } ?? ""
    return HTTPReply(
        status: 200, body: ByteStream(#"{"AccessKeyId":"\#(id)","SecretAccessKey":"hush","Token":"T"\#(expiration)}"#))
}

/// Answers that are no credentials.
private let brokenDocuments = [
    "", "no json", "[]", "{}", #"{"AccessKeyId":"A"}"#, #"{"SecretAccessKey":"hush"}"#,
    #"{"AccessKeyId":"A","SecretAccessKey":"hush","Expiration":"tomorrow"}"#,
    #"{"AccessKeyId":"A","SecretAccessKey":"hush","Code":"Failed"}"#,
    #"{"SecretAccessKey":"hush""# + String(repeating: " ", count: 70_000),
]

/// The role of an ECS task or EKS pod.
@Suite struct ContainerCredentialTests {
    private static let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    private static let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    private static let token = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
    private static let tokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"

    @Test func ofTheAgentAtItsAddress() async throws {
        let scene = try Scene([Self.relative: "/v2/credentials/id?x=1"]) { _ in document("TASK") }
        let call = try #require(try await scene.call())
        #expect(call.accessKeyID == "TASK" && call.headers["x-amz-security-token"] == ["T"])
        try await scene.call()
        let asked = try #require(scene.asked.first)
        #expect(scene.asked.count == 1 && "\(asked.endpoint)" == "http://169.254.170.2")
        #expect(asked.method == .GET && asked.target == "/v2/credentials/id?x=1")
        #expect(asked.headers["authorization"].isEmpty)
    }

    @Test(
        arguments: [
            ("http://127.0.0.1:51679/creds/", "http://127.0.0.1:51679", "/creds/"),
            ("http://localhost?id=1", "http://localhost", "/?id=1"), ("http://[::1]:80/a//b", "http://[::1]", "/a//b"),
            ("http://169.254.170.23/v1/credentials", "http://169.254.170.23", "/v1/credentials"),
            ("http://[fd00:ec2::23]/v1", "http://[fd00:ec2::23]", "/v1"),
            ("https://example.com/creds", "https://example.com", "/creds"),
        ])
    func ofAnotherAgent(_ uri: String, _ endpoint: String, _ target: String) async throws {
        let scene = try Scene([Self.full: uri, Self.token: "Bearer x"]) { _ in document("TASK") }
        #expect(try await scene.signer() == "TASK")
        let asked = try #require(scene.asked.first)
        #expect("\(asked.endpoint)" == endpoint && asked.target == target)
        #expect(asked.headers["authorization"] == ["Bearer x"])
    }

    @Test(
        arguments: [
            (full, "http://example.com/creds"), (full, "http://127.0.0.1.example.com"),
            (full, "http://169.254.169.254"),
            (full, "ftp://127.0.0.1"), (full, "127.0.0.1"), (full, "http://u:p@127.0.0.1"),
            (relative, "example.com/creds"), (relative, "@example.com"),
        ])
    func whoMustNotBeAsked(_ variable: String, _ uri: String) async throws {
        let scene = try Scene([variable: uri])
        let error = await #expect(throws: ConfigurationError.self) { try await scene.call() }
        #expect(error?.description.hasPrefix(variable) == true && scene.transport.calls.isEmpty)
    }

    @Test func aTokenFileIsReadEachTime() async throws {
        let (folder, now) = (try TemporaryFolder(), Now())
        let file = try folder.write("first\r\n", to: "token")
        let scene = try Scene(
            [Self.full: "http://localhost/c", Self.tokenFile: file, Self.token: "never"], at: now
        ) { _ in document("TASK", expiration: now.later(3600)) }
        try await scene.call()
        try folder.write("second", to: "token")
        now.move(3600)
        try await scene.call()
        #expect(scene.asked.map { $0.headers["authorization"] } == [["first"], ["second"]])
    }

    @Test func aTokenThatIsNone() async throws {
        let folder = try TemporaryFolder()
        for environment in [
            [Self.tokenFile: folder.path + "/missing"], [Self.tokenFile: folder.path],
            [Self.tokenFile: try folder.write("hush\nX-Header: y", to: "token")], [Self.token: "hush\r\nX-Header: y"],
            [Self.tokenFile: try folder.write(String(repeating: "x", count: 70_000), to: "long")],
        ] {
            let scene = try Scene(environment.merging([Self.full: "http://localhost/c"]) { $1 })
            let error = await #expect(throws: CredentialError.self) { try await scene.call() }
            #expect(error?.description.contains("hush") == false && scene.transport.calls.isEmpty)
        }
    }

    @Test func whatStumblesIsAskedAgain() async throws {
        let scene = try Scene([Self.relative: "/c"]) { call in
            call.headers.isEmpty ? document("NEVER") : HTTPReply(status: 503)
        }
        await #expect(throws: CredentialError.self) { try await scene.call() }
        #expect(scene.asked.count == 3 && scene.sleeper.waits == [.seconds(1), .seconds(2)])

        let silent = try Scene([Self.relative: "/c"]) { _ in throw TransportError.connection("refused") }
        await #expect(throws: CredentialError.self) { try await silent.call() }
        #expect(silent.asked.count == 3)
    }

    @Test func whatRefusesIsAskedOnce() async throws {
        let scene = try Scene([Self.relative: "/c"]) { _ in HTTPReply(status: 403) }
        let error = await #expect(throws: CredentialError.self) { try await scene.call() }
        #expect(error?.description.contains("403") == true)
        #expect(scene.asked.count == 1 && scene.sleeper.waits.isEmpty)
    }

    @Test(arguments: brokenDocuments)
    func whatIsNoDocument(_ body: String) async throws {
        let scene = try Scene([Self.relative: "/c"]) { _ in HTTPReply(status: 200, body: ByteStream(body)) }
        let error = await #expect(throws: CredentialError.self) { try await scene.call() }
        #expect(error?.description.contains("hush") == false)
    }
}

/// The role of an EC2 instance.
@Suite struct InstanceCredentialTests {
    private static let roles = "/latest/meta-data/iam/security-credentials/"

    /// The metadata service, below `path`.
    private static func metadata(
        _ call: HTTPCall, path: String = "", keys: HTTPReply = document("INSTANCE")
    ) -> HTTPReply {
        guard call.target.hasPrefix(path) else { return HTTPReply(status: 404) }
        let target = call.target.dropFirst(path.count)
        if call.method == .PUT, target == "/latest/api/token" {
            return HTTPReply(status: 200, body: ByteStream("session"))
        }
        guard call.method == .GET, call.headers["x-aws-ec2-metadata-token"] == ["session"] else {
            return HTTPReply(status: 401)
        }
        return switch target {
        case roles: HTTPReply(status: 200, body: ByteStream("my-role\nother"))
        case roles + "my-role": keys
        default: HTTPReply(status: 404)
        }
    }

    @Test func tokenRoleAndKeys() async throws {
        let scene = try Scene([:]) { Self.metadata($0) }
        #expect(try await scene.signer() == "INSTANCE")
        let asked = scene.asked
        #expect(asked.map(\.method) == [.PUT, .GET, .GET])
        #expect(asked.allSatisfy { "\($0.endpoint)" == "http://169.254.169.254" })
        #expect(asked.first?.headers["x-aws-ec2-metadata-token-ttl-seconds"] == ["21600"])
    }

    @Test func whereTheEnvironmentSays() async throws {
        let custom = try Scene(["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1338/imds/"]) {
            Self.metadata($0, path: "/imds")
        }
        #expect(try await custom.signer() == "INSTANCE")
        #expect(custom.asked.first?.endpoint.port == 1338)
        let ipv6 = try Scene(["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"]) { Self.metadata($0) }
        #expect(try await ipv6.signer() == "INSTANCE")
        #expect(ipv6.asked.first?.endpoint.host == "fd00:ec2::254")
        let wrong = try Scene(["AWS_EC2_METADATA_SERVICE_ENDPOINT": "169.254.169.254"])
        await #expect(throws: ConfigurationError.self) { try await wrong.call() }
    }

    @Test func mostMachinesAreNoInstances() async throws {
        let scenes = [
            try Scene([:]) { _ in throw TransportError.timeout("connect") },
            try Scene([:]) { _ in HTTPReply(status: 403) },
            try Scene([:]) {
                $0.method == .PUT ? HTTPReply(status: 200, body: ByteStream("s")) : HTTPReply(status: 404)
            },
            try Scene([:]) { _ in HTTPReply(status: 200) },
        ]
        for scene in scenes {
            let error = await #expect(throws: CredentialError.self) { try await scene.call() }
            #expect(error?.description.hasPrefix("Unable to locate credentials") == true)
        }
        let disabled = try Scene(["AWS_EC2_METADATA_DISABLED": "True"]) { Self.metadata($0) }
        await #expect(throws: CredentialError.self) { try await disabled.call() }
        #expect(disabled.transport.calls.isEmpty)
    }

    @Test func aRoleWithoutKeysIsTold() async throws {
        let scene = try Scene([:]) { Self.metadata($0, keys: HTTPReply(status: 500)) }
        let error = await #expect(throws: CredentialError.self) { try await scene.call() }
        #expect(error?.description.contains("500") == true)
    }

    @Test(arguments: brokenDocuments)
    func whatIsNoDocument(_ body: String) async throws {
        let scene = try Scene([:]) { Self.metadata($0, keys: HTTPReply(status: 200, body: ByteStream(body))) }
        let error = await #expect(throws: CredentialError.self) { try await scene.call() }
        #expect(error?.description.contains("hush") == false)
    }
}
