import Ground
import NIOHTTP1

/// The role of an ECS task (or an EKS pod), from the agent that `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or
/// `AWS_CONTAINER_CREDENTIALS_FULL_URI` names.
struct ContainerCredentials: CredentialProvider {
    /// Where a relative URI is relative to: the ECS agent's link-local address.
    private static let ecsHost = "169.254.170.2"
    /// Addresses that may be asked without TLS, beside loopback: ECS's agent, EKS's on IPv4 and IPv6.
    private static let agentHosts: Set = [ecsHost, "169.254.170.23", "fd00:ec2::23"]
    private static let attempts = 3
    private static let timeout = Duration.seconds(2)

    let environment: ProcessEnvironment
    let transport: any HTTPTransport
    let sleep: Sleeper

    var name: String { "container" }

    func credentials() async throws -> ExpiringCredentials? {
        guard let (endpoint, target) = try location() else { return nil }
        var headers: HTTPHeaders = ["host": endpoint.authority, "accept": "application/json"]
        if let token = try await authorization() { headers.add(name: "authorization", value: token) }
        let call = HTTPCall(method: .GET, endpoint: endpoint, target: target, headers: headers)
        var attempt = 1
        while true {
            do {
                return try await ask(call)
            } catch let error as RetryableFailure {
                guard attempt < Self.attempts else { throw CredentialError(error.reason) }
                try await sleep(.seconds(attempt))
                attempt += 1
            }
        }
    }

    /// An answer that another attempt may better.
    private struct RetryableFailure: Error {
        let reason: String
    }

    private func ask(_ call: HTTPCall) async throws -> ExpiringCredentials {
        let source = "the container credentials endpoint"
        do {
            return try await withTimeout(Self.timeout, source) { [transport] in
                let reply = try await transport.send(call, timeout: Self.timeout)
                guard reply.status == 200 else {
                    let reason = "\(source) answered \(reply.status)"
                    throw reply.status >= 500 ? RetryableFailure(reason: reason) : CredentialError(reason)
                }
                return try MetadataDocument.credentials(
                    in: try await MetadataDocument.body(of: reply, from: source), from: source)
            }
        } catch let error as TransportError {
            throw RetryableFailure(reason: "\(source): \(error)")
        }
    }

    private func location() throws -> (Endpoint, target: String)? {
        if let path = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] {
            guard path.first == "/" else {
                throw ConfigurationError("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not start with /")
            }
            return (Endpoint(isSecure: false, host: Self.ecsHost), path)
        }
        guard let uri = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] else { return nil }
        let base = uri.prefix { $0 != "?" }
        var endpoint: Endpoint
        do {
            endpoint = try Endpoint(String(base))
        } catch {
            throw ConfigurationError("AWS_CONTAINER_CREDENTIALS_FULL_URI: \(error)")
        }
        guard endpoint.isSecure || endpoint.isLoopback || Self.agentHosts.contains(endpoint.host) else {
            throw ConfigurationError(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI: without https only this machine and the agents of ECS and EKS "
                    + "may be asked, not \(endpoint.host)")
        }
        // The path counts to the byte; Endpoint cuts slashes at its end.
        let path = base.dropFirst(endpoint.isSecure ? 8 : 7).drop { $0 != "/" }
        endpoint.path = ""
        return (endpoint, (path.isEmpty ? "/" : String(path)) + uri[base.endIndex...])
    }

    /// The token that proves who asks; a file's is read each time, since the agent replaces it.
    private func authorization() async throws -> String? {
        var token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        if let path = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
            do {
                token = try await SmallFile.text(at: path, limit: MetadataDocument.limit)
            } catch {
                throw CredentialError("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read: \(error)")
            }
            guard token != nil else { throw CredentialError("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is not there") }
            while token?.last?.isNewline == true { token?.removeLast() }
        }
        guard token?.contains(where: \.isNewline) != true else {
            throw CredentialError("the container authorization token has more than one line")
        }
        return token
    }
}
