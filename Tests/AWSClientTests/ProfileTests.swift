import AWSClient
import AWSWire
import Ground
import NIOCore
import Testing

/// What the shared config and credentials files are good for.
@Suite struct ProfileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A client that these files are there for.
    private func scene(
        config: String = "", credentials: String = "", _ environment: [String: String] = [:],
        region: String? = "us-east-1", answer: @escaping @Sendable (HTTPCall) throws -> HTTPReply = Self.sts
    ) throws -> Scene {
        let files = [
            "AWS_CONFIG_FILE": try folder.write(config, to: "config"),
            "AWS_SHARED_CREDENTIALS_FILE": try folder.write(credentials, to: "credentials"),
            "AWS_EC2_METADATA_DISABLED": "true",
        ]
        return try Scene(files.merging(environment) { $1 }, region: region, answer: answer)
    }

    /// An STS whose keys are named by the keys that asked.
    @Sendable private static func sts(_ call: HTTPCall) -> HTTPReply {
        HTTPReply(
            status: 200,
            body: ByteStream(
                """
                <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
                <AccessKeyId>ROLE-OF-\(call.accessKeyID ?? "")</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
                <SessionToken>T</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration>
                </Credentials></AssumeRoleResult></AssumeRoleResponse>
                """))
    }

    private static let base = "[base]\naws_access_key_id = BASE\naws_secret_access_key = s\n"

    @Test func theOneThatIsNamed() async throws {
        let credentials = "[default]\naws_access_key_id = DEFAULT\naws_secret_access_key = s\n" + Self.base
        #expect(try await scene(credentials: credentials).signer() == "DEFAULT")
        #expect(try await scene(credentials: credentials, ["AWS_PROFILE": "base"]).signer() == "BASE")
        let error = await #expect(throws: ConfigurationError.self) {
            try await scene(credentials: credentials, ["AWS_PROFILE": "nobody"]).call()
        }
        #expect(error?.description.contains("nobody") == true)
    }

    @Test func inTheHomeDirectory() async throws {
        try folder.write("[default]\naws_access_key_id = HOME\naws_secret_access_key = s", to: ".aws/credentials")
        try folder.write("[default]\nregion = eu-west-3", to: ".aws/config")
        let scene = try Scene(["HOME": folder.path], region: nil)
        let call = try #require(try await scene.call())
        #expect(call.accessKeyID == "HOME" && call.endpoint.host.hasSuffix("s3.eu-west-3.amazonaws.com"))
    }

    @Test func sessionToken() async throws {
        let scene = try scene(
            credentials: "[default]\naws_access_key_id=A\naws_secret_access_key=s\naws_session_token=the-token")
        #expect(try await scene.call()?.headers["x-amz-security-token"] == ["the-token"])
    }

    @Test(
        arguments: [
            "[default]\naws_access_key_id = A", "[default]\ncredential_process = x", "[default]\nsso_session = x",
            "[default]\nrole_arn = r", "[default]\nrole_arn = r\nsource_profile = missing",
            "[default]\nrole_arn = r\nsource_profile = base\ncredential_source = Environment",
            "[default]\nrole_arn = r\ncredential_source = Elsewhere",
            "[default]\nrole_arn = r\nsource_profile = base\nmfa_serial = m",
            "[default]\nrole_arn = r\nsource_profile = base\nduration_seconds = long",
            "[default]\nrole_arn = r\nsource_profile = a\n[profile a]\nrole_arn = r\nsource_profile = default",
            "no section",
        ])
    func whatCannotBeDone(_ config: String) async throws {
        let scene = try scene(config: config, credentials: Self.base)
        await #expect(throws: ConfigurationError.self) { try await scene.call() }
        #expect(scene.transport.calls.isEmpty)
    }

    @Test func aBrokenFileIsToldWithItsLine() async throws {
        let scene = try scene(config: "[default]\nregion eu-west-1")
        let error = await #expect(throws: ConfigurationError.self) { try await scene.call() }
        #expect(error?.description.contains("/config, line 2: ") == true)
    }

    @Test func aRoleToAssume() async throws {
        let scene = try scene(
            config: """
                [default]
                role_arn = arn:aws:iam::123456789012:role/task
                source_profile = base
                role_session_name = me
                external_id = x+y
                duration_seconds = 900
                """, credentials: Self.base, region: "ap-south-1")
        let call = try #require(try await scene.call())
        #expect(call.accessKeyID == "ROLE-OF-BASE" && call.headers["x-amz-security-token"] == ["T"])
        try await scene.call()
        let asked = try #require(scene.asked.first)
        #expect(scene.asked.count == 1 && "\(asked.endpoint)" == "https://sts.ap-south-1.amazonaws.com")
        let form = String(buffer: try await asked.body.collect(upTo: 1000)).split(separator: "&")
        #expect(
            Set(form) == [
                "Action=AssumeRole", "Version=2011-06-15", "RoleSessionName=me", "ExternalId=x%2By",
                "RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Ftask", "DurationSeconds=900",
            ])
    }

    @Test func aRoleByAnotherRole() async throws {
        let scene = try scene(
            config: """
                [default]
                role_arn = outer
                source_profile = middle
                [profile middle]
                role_arn = inner
                source_profile = middle
                aws_access_key_id = OWN
                aws_secret_access_key = s
                """)
        #expect(try await scene.signer() == "ROLE-OF-ROLE-OF-OWN")
    }

    @Test func aRoleByTheEnvironmentsKeys() async throws {
        // Keys in the environment come before any profile: a client under a role names its profile by other means.
        let scene = try scene(
            config: "[default]\nrole_arn = r\ncredential_source = EcsContainer",
            ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"]
        ) { call in
            call.endpoint.host == "169.254.170.2"
                ? HTTPReply(status: 200, body: ByteStream(#"{"AccessKeyId":"TASK","SecretAccessKey":"s"}"#))
                : Self.sts(call)
        }
        #expect(try await scene.signer() == "ROLE-OF-TASK")
    }

    @Test func aRoleThatIsRefused() async throws {
        let scene = try scene(
            config: "[default]\nrole_arn = my-role\nsource_profile = base", credentials: Self.base
        ) { _ in
            HTTPReply(
                status: 403,
                body: ByteStream(
                    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"))
        }
        let error = await #expect(throws: CredentialError.self) { try await scene.call() }
        #expect(error?.description.contains("my-role could not be assumed: AccessDenied: no") == true)
    }

    private static let keys = ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"]

    @Test func endpointsInTheirOrder() async throws {
        let config = """
            [default]
            endpoint_url = http://profile
            services = local
            [services local]
            s3 =
              endpoint_url = http://services
            [profile plain]
            endpoint_url = http://plain
            [profile off]
            endpoint_url = http://off
            ignore_configured_endpoint_urls = true
            [profile lost]
            services = nowhere
            """
        func host(_ environment: [String: String]) async throws -> String? {
            try await scene(config: config, environment.merging(Self.keys) { $1 }).call()?.endpoint.host
        }
        #expect(try await host(["AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_S3": "http://s3"]) == "s3")
        #expect(try await host(["AWS_ENDPOINT_URL": "http://all"]) == "all")
        #expect(try await host([:]) == "services")
        #expect(try await host(["AWS_PROFILE": "plain"]) == "plain")
        let own = "a-bucket.s3.us-east-1.amazonaws.com"
        #expect(try await host(["AWS_PROFILE": "off"]) == own)
        #expect(try await host(["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE"]) == own)
        await #expect(throws: ConfigurationError.self) { try await host(["AWS_PROFILE": "lost"]) }
    }
}
