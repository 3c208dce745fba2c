import AWSWire
import Ground
import Logging

extension AWSClient {
    /// What a client is told; whatever is left out comes from the environment and the shared files, as in AWS's SDKs.
    public struct Configuration: Sendable {
        /// `nil`: the default chain (environment, profile, container, EC2 instance).
        public var credentials: (any CredentialProvider)?
        /// `nil`: `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's.
        public var region: String?
        /// For every service, and stronger than any variable; `nil`: see the SDKs' `AWS_ENDPOINT_URL`.
        public var endpoint: Endpoint?
        public var bucketAddressing: BucketAddressing
        /// `nil`: the standard one, with `AWS_MAX_ATTEMPTS`.
        public var retries: RetryPolicy?
        public var timeouts: Timeouts
        /// `User-Agent`.
        public var userAgent: String
        /// Debug lines, never a secret among them.
        public var logger: Logger
        public var environment: ProcessEnvironment

        public init(
            credentials: (any CredentialProvider)? = nil, region: String? = nil, endpoint: Endpoint? = nil,
            bucketAddressing: BucketAddressing = .automatic, retries: RetryPolicy? = nil,
            timeouts: Timeouts = Timeouts(), userAgent: String = "skylab/\(AWSClient.version)",
            logger: Logger = Logger(label: "AWSClient", factory: { _ in SwiftLogNoOpLogHandler() }),
            environment: ProcessEnvironment = .current
        ) {
            self.credentials = credentials
            self.region = region
            self.endpoint = endpoint
            self.bucketAddressing = bucketAddressing
            self.retries = retries
            self.timeouts = timeouts
            self.userAgent = userAgent
            self.logger = logger
            self.environment = environment
        }
    }

    /// What a test puts in the place of network, time and chance.
    package struct Surroundings: Sendable {
        package var transport: any HTTPTransport
        package var sleep: Sleeper
        /// Evenly from 0 to 1.
        package var random: @Sendable () -> Double
        /// Wall time: signatures are made and credentials expire by it.
        package var now: @Sendable () -> Timestamp

        package init(
            transport: any HTTPTransport, sleep: @escaping Sleeper = { try await Task.sleep(for: $0) },
            random: @escaping @Sendable () -> Double = { .random(in: 0...1) },
            now: @escaping @Sendable () -> Timestamp = { WallClock.now }
        ) {
            self.transport = transport
            self.sleep = sleep
            self.random = random
            self.now = now
        }
    }
}

/// When S3's checksums are computed and looked at: `AWS_REQUEST_CHECKSUM_CALCULATION`,
/// `AWS_RESPONSE_CHECKSUM_VALIDATION`.
struct ChecksumModes: Sendable {
    /// Also where a request is accepted without one.
    let calculatesOptional: Bool
    /// Answers are asked for theirs.
    let validates: Bool

    /// - Throws: ``ConfigurationError`` for a value that there is not.
    init(_ environment: ProcessEnvironment) throws(ConfigurationError) {
        calculatesOptional = try Self.isWhenSupported("AWS_REQUEST_CHECKSUM_CALCULATION", environment)
        validates = try Self.isWhenSupported("AWS_RESPONSE_CHECKSUM_VALIDATION", environment)
    }

    private static func isWhenSupported(
        _ name: String, _ environment: ProcessEnvironment
    ) throws(ConfigurationError) -> Bool {
        switch environment[name]?.lowercased() {
        case nil, "when_supported": return true
        case "when_required": return false
        default: throw ConfigurationError("\(name) must be when_supported or when_required")
        }
    }
}
