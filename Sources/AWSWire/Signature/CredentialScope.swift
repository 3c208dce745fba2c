import Crypto
import Ground
import Synchronization

/// What a signature is good for: a day, a region, a service.
public struct CredentialScope: Sendable, Hashable {
    /// `20261124`.
    public let date: String
    public let region: String
    public let service: String

    public init(date: String, region: String, service: String) {
        self.date = date
        self.region = region
        self.service = service
    }

    /// As in a string to sign.
    var text: String { "\(date)/\(region)/\(service)/aws4_request" }
}

/// The key of one scope, derived from a secret: a chain of four HMACs (IAM User Guide, "Create a signed AWS API
/// request", "Calculate the signature").
public struct SigningKey: Sendable {
    private let key: SymmetricKey

    public init(secretAccessKey: String, scope: CredentialScope) {
        var key = SymmetricKey(data: Array("AWS4\(secretAccessKey)".utf8))
        for part in [scope.date, scope.region, scope.service, "aws4_request"] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
        self.key = key
    }

    func signature(of text: String) -> String {
        Hex.encode(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
    }

    /// Compares in constant time.
    func isSignature(_ signature: String, of text: String) -> Bool {
        // What is no hex of 32 bytes is compared all the same, so that it costs as much.
        let given = Hex.decode(signature) ?? []
        return HMAC<SHA256>.isValidAuthenticationCode(given, authenticating: Array(text.utf8), using: key)
    }
}

/// Keys that were derived before: a day's requests need the same one.
public final class SigningKeyCache: Sendable {
    private struct Entry: Hashable {
        let accessKeyID: String
        /// A key that is made anew under an old id has another secret.
        let secretAccessKey: String
        let scope: CredentialScope
    }

    private static let maximumEntries = 1024
    private let keys = Mutex<[Entry: SigningKey]>([:])

    public init() {}

    public func key(_ accessKeyID: String, secretAccessKey: String, _ scope: CredentialScope) -> SigningKey {
        let entry = Entry(accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, scope: scope)
        if let key = keys.withLock({ $0[entry] }) { return key }
        let key = SigningKey(secretAccessKey: secretAccessKey, scope: scope)
        keys.withLock { keys in
            // Scopes are the caller's to choose, so the cache is bounded by starting anew.
            if keys.count >= Self.maximumEntries { keys.removeAll() }
            keys[entry] = key
        }
        return key
    }
}
