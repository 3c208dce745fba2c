import Logging

/// Asks one place after the other and takes the first that has credentials.
public struct CredentialChain: CredentialProvider {
    private let providers: [any CredentialProvider]
    private let logger: Logger

    public init(_ providers: [any CredentialProvider], logger: Logger) {
        self.providers = providers
        self.logger = logger
    }

    public var name: String { providers.map(\.name).joined(separator: ", ") }

    /// - Throws: ``CredentialError`` where no place has any, and what a place throws.
    public func credentials() async throws -> ExpiringCredentials? {
        for provider in providers {
            guard let found = try await provider.credentials() else { continue }
            logger.debug("credentials found", metadata: ["provider": "\(provider.name)"])
            return found
        }
        throw CredentialError("Unable to locate credentials; looked in: \(name)")
    }
}

extension CredentialChain {
    /// The places that AWS's SDKs look in, in their order: environment, shared files with profiles, the container's
    /// (ECS task role), the EC2 instance's.
    init(
        defaultOrderIn environment: ProcessEnvironment, files: SharedConfigFiles, transport: any HTTPTransport,
        assumeRole: AssumeRole, sleep: @escaping Sleeper, logger: Logger
    ) {
        let container = ContainerCredentials(environment: environment, transport: transport, sleep: sleep)
        let instance = InstanceCredentials(environment: environment, transport: transport)
        self.init(
            [
                EnvironmentCredentials(environment), WebIdentityCredentials(environment: environment),
                ProfileCredentials(
                    files: files, environment: environment, container: container, instance: instance,
                    assumeRole: assumeRole),
                container, instance,
            ], logger: logger)
    }
}

/// Where a pod's identity would come from. It is refused by name, for falling through to the node's role would be
/// working under the wrong identity.
struct WebIdentityCredentials: CredentialProvider {
    let environment: ProcessEnvironment

    var name: String { "web identity" }

    func credentials() async throws -> ExpiringCredentials? {
        guard environment["AWS_WEB_IDENTITY_TOKEN_FILE"] != nil, environment["AWS_ROLE_ARN"] != nil else { return nil }
        throw CredentialError("AWS_WEB_IDENTITY_TOKEN_FILE is set; web identity credentials are not supported")
    }
}
