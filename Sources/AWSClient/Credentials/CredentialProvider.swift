import AWSWire
import Ground

/// Keys, and until when they are good.
public struct ExpiringCredentials: Sendable, Equatable {
    public let credentials: Credentials
    /// `nil` for keys that do not expire.
    public let expiration: Timestamp?

    public init(_ credentials: Credentials, expiration: Timestamp? = nil) {
        self.credentials = credentials
        self.expiration = expiration
    }
}

/// A place that credentials come from.
public protocol CredentialProvider: Sendable {
    /// What the place is called in logs and errors.
    var name: String { get }

    /// Fresh credentials; `nil` where this place is not set up, so that the next one is asked.
    /// - Throws: ``CredentialError`` or ``ConfigurationError`` where it is set up and fails: no other place is asked
    ///   then, for the caller would work under an identity that it did not mean.
    func credentials() async throws -> ExpiringCredentials?
}

/// No credentials could be had. Never carries a secret.
public struct CredentialError: Error, CustomStringConvertible, Equatable {
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// Credentials that were given to the program itself.
public struct StaticCredentials: CredentialProvider {
    private let given: Credentials

    public init(_ credentials: Credentials) { given = credentials }

    public var name: String { "static" }
    public func credentials() async -> ExpiringCredentials? { ExpiringCredentials(given) }
}

/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
public struct EnvironmentCredentials: CredentialProvider {
    private let environment: ProcessEnvironment

    public init(_ environment: ProcessEnvironment = .current) { self.environment = environment }

    public var name: String { "environment" }

    public func credentials() async throws -> ExpiringCredentials? {
        guard let id = environment["AWS_ACCESS_KEY_ID"] else { return nil }
        guard let secret = environment["AWS_SECRET_ACCESS_KEY"] else {
            throw CredentialError("AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY")
        }
        let credentials = Credentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: environment["AWS_SESSION_TOKEN"])
        var expiration: Timestamp?
        if let text = environment["AWS_CREDENTIAL_EXPIRATION"] {
            guard let time = Timestamp(iso8601: text) else {
                throw CredentialError("AWS_CREDENTIAL_EXPIRATION is no ISO 8601 timestamp")
            }
            expiration = time
        }
        return ExpiringCredentials(credentials, expiration: expiration)
    }
}
