import AWSWire
import Ground
import Logging

/// Keeps the credentials of a provider and renews them in time: one renewal at a time however many callers wait, begun
/// some minutes before the old ones expire; where it fails, the old ones serve as long as they are good.
package actor CredentialCache {
    /// How long before their end credentials are renewed.
    package static let renewalWindow = Duration.seconds(300)
    /// How soon a renewal that failed is tried again while the old credentials are still good.
    package static let renewalPause = Duration.seconds(15)

    private let provider: any CredentialProvider
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    private var current: ExpiringCredentials?
    private var renewal: Task<ExpiringCredentials, any Error>?
    private var nextRenewal: Timestamp?

    /// - Parameter now: wall time; what AWS issued expires by it.
    package init(_ provider: any CredentialProvider, logger: Logger, now: @escaping @Sendable () -> Timestamp) {
        self.provider = provider
        self.logger = logger
        self.now = now
    }

    /// - Throws: what the provider throws, where there are no good credentials left.
    package func credentials() async throws -> Credentials {
        if let current, !isDue(current) { return current.credentials }
        do {
            return try await renew().credentials
        } catch {
            guard let current, isGood(current) else { throw error }
            logger.warning(
                "credentials could not be renewed; the old ones are good for now",
                metadata: ["provider": "\(provider.name)", "error": "\(error)"])
            return current.credentials
        }
    }

    /// Forgets `used`, which a service called expired, unless they have been renewed since.
    package func discard(_ used: Credentials) {
        guard current?.credentials == used, current?.expiration != nil else { return }
        current = nil
        nextRenewal = nil
    }

    private func isGood(_ found: ExpiringCredentials) -> Bool { found.expiration.map { now() < $0 } ?? true }

    private func isDue(_ found: ExpiringCredentials) -> Bool {
        guard let expiration = found.expiration else { return false }
        let now = now()
        if now.advanced(by: Self.renewalWindow) < expiration { return false }
        if now < expiration, let nextRenewal, now < nextRenewal { return false }
        return true
    }

    private func renew() async throws -> ExpiringCredentials {
        if let renewal { return try await renewal.value }
        // Not a child of the caller, whose cancellation must not fail everybody else who waits.
        let task = Task { [provider] in
            guard let found = try await provider.credentials() else {
                throw CredentialError("no credentials in: \(provider.name)")
            }
            return found
        }
        renewal = task
        defer { renewal = nil }
        do {
            let found = try await task.value
            current = found
            nextRenewal = nil
            // A provider may hand out what is about to expire (an instance's do): no renewal for each request then.
            if isDue(found) { nextRenewal = now().advanced(by: Self.renewalPause) }
            return found
        } catch {
            nextRenewal = now().advanced(by: Self.renewalPause)
            throw error
        }
    }
}
