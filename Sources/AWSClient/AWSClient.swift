import AWSWire
import Ground
import Logging

/// Sends the operations of AWS's services over HTTP: to AWS itself, to Skylab, or to whatever an endpoint names.
///
///     let client = try AWSClient()
///     let s3 = S3Client(client)
///     try await s3.putObject(S3.PutObjectRequest(body: ByteStream("hi"), bucket: "b", key: "k"))
///     try await client.shutdown()
public final class AWSClient: OperationInvoker, Sendable {
    /// The product's version, as it stands in `User-Agent`.
    public static let version = "0.1.0"

    private let pipeline: RequestPipeline
    private let transport: any HTTPTransport

    /// - Throws: ``ConfigurationError`` where a variable of the environment has no such value.
    public convenience init(_ configuration: Configuration = Configuration()) throws(ConfigurationError) {
        // First what may fail: a transport that has been made must be shut down.
        let defaults = try EnvironmentDefaults(configuration)
        self.init(
            configuration, defaults,
            in: Surroundings(transport: NetworkTransport(timeouts: configuration.timeouts)))
    }

    package convenience init(
        _ configuration: Configuration, in surroundings: Surroundings
    ) throws(ConfigurationError) {
        self.init(configuration, try EnvironmentDefaults(configuration), in: surroundings)
    }

    private init(_ configuration: Configuration, _ defaults: EnvironmentDefaults, in surroundings: Surroundings) {
        let files = SharedConfigFiles(environment: configuration.environment)
        let unauthenticated = RequestPipeline(
            resolver: EndpointResolver(
                files: files, explicitEndpoint: configuration.endpoint, explicitRegion: configuration.region),
            preparer: RequestPreparer(
                addressing: configuration.bucketAddressing, checksums: defaults.checksums,
                userAgent: configuration.userAgent),
            retries: defaults.retries, timeouts: configuration.timeouts, surroundings: surroundings,
            logger: configuration.logger)
        let provider: any CredentialProvider =
            configuration.credentials
            ?? CredentialChain(
                defaultOrderIn: configuration.environment, files: files, transport: surroundings.transport,
                assumeRole: AssumeRole { operation, request, credentials in
                    try await unauthenticated.authenticated(by: StaticCredentials(credentials)).run(operation, request)
                },
                sleep: surroundings.sleep, logger: configuration.logger)
        pipeline = unauthenticated.authenticated(by: provider)
        transport = surroundings.transport
    }

    /// What a client does where its configuration does not say: read from the environment.
    private struct EnvironmentDefaults {
        let checksums: ChecksumModes
        let retries: RetryPolicy

        /// - Throws: ``ConfigurationError``.
        init(_ configuration: Configuration) throws(ConfigurationError) {
            checksums = try ChecksumModes(configuration.environment)
            if let given = configuration.retries {
                retries = given
            } else if let text = configuration.environment["AWS_MAX_ATTEMPTS"] {
                guard let attempts = Int(text), attempts >= 1 else {
                    throw ConfigurationError("AWS_MAX_ATTEMPTS must be a number from 1 on")
                }
                retries = RetryPolicy(maximumAttempts: attempts)
            } else {
                retries = RetryPolicy()
            }
        }
    }

    /// Sends one operation, again where that is worth it, and gives its output. An output whose body streams must be
    /// read to its end or let go, since it holds a connection.
    ///
    /// - Throws: `AWSError` where the service answered with one; ``TransportError`` where it did not answer;
    ///   ``CredentialError``, ``ConfigurationError``; `CancellationError`.
    public func invoke<Input: Shape, Output: Shape>(
        _ operation: OperationSchema, _ input: Input
    ) async throws -> Output {
        try await pipeline.run(operation, input)
    }

    /// Closes the connections. Calls that are under way fail; later ones do as well.
    public func shutdown() async throws { try await transport.shutdown() }
}
