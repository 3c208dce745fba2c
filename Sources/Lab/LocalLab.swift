import AWSClient
import AWSModels
import AWSWire
import Ground

/// The lab on a Skylab of its own: a server on a fresh ephemeral state and the app, both as processes, everything over
/// real HTTP.
public final class LocalLab: Sendable {
    /// Where the programs and logs of a run are.
    public struct Setup: Sendable {
        /// Endpoint of the server, its region and its root key.
        public let endpoint: String
        public let region: String
        public let account: String
        public let credentials: Credentials
        /// The app's program, and a free port for it.
        public let appProgram: String
        public let appPort: Int
        /// Where logs are written.
        public let logDirectory: String

        public init(
            endpoint: String, region: String, account: String, credentials: Credentials, appProgram: String,
            appPort: Int, logDirectory: String
        ) {
            self.endpoint = endpoint
            self.region = region
            self.account = account
            self.credentials = credentials
            self.appProgram = appProgram
            self.appPort = appPort
            self.logDirectory = logDirectory
        }
    }

    private let client: AWSClient
    public let session: LabSession

    public init(_ setup: Setup) throws {
        client = try AWSClient(
            .init(
                credentials: StaticCredentials(setup.credentials), region: setup.region,
                endpoint: try Endpoint(setup.endpoint)))
        let environment = [
            "PATH=/usr/bin:/bin", "S3_BUCKET=\(Self.bucketName(setup))", "AWS_REGION=\(setup.region)",
            "AWS_ENDPOINT_URL=\(setup.endpoint)", "AWS_ACCESS_KEY_ID=\(setup.credentials.accessKeyID)",
            "AWS_SECRET_ACCESS_KEY=\(setup.credentials.secretAccessKey)", "HOST=127.0.0.1", "PORT=\(setup.appPort)",
        ]
        let app = AppProcess(
            program: setup.appProgram, environment: environment, port: setup.appPort,
            log: "\(setup.logDirectory)/labapp.log", secrets: [setup.credentials.secretAccessKey])
        session = LabSession(
            s3: S3Client(client), sts: STSClient(client), app: app, bucket: Self.bucketName(setup), region: setup.region
        )
    }

    /// Names of buckets are taken by whoever comes first, so the account's number is in it.
    private static func bucketName(_ setup: Setup) -> String { "ds252-lab-\(setup.account)" }

    public func shutdown() async throws { try await client.shutdown() }
}
