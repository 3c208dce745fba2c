import Ground
import NIOCore
import NIOHTTP1

/// The role of an EC2 instance, from its metadata service, version 2: a session token first, then the role's keys.
struct InstanceCredentials: CredentialProvider {
    private static let timeout = Duration.seconds(1)
    private static let rolePath = "/latest/meta-data/iam/security-credentials/"

    let environment: ProcessEnvironment
    let transport: any HTTPTransport

    var name: String { "EC2 instance metadata" }

    /// `nil` also where nothing answers at the address: most machines are no EC2 instances.
    func credentials() async throws -> ExpiringCredentials? {
        guard !environment.isTrue("AWS_EC2_METADATA_DISABLED") else { return nil }
        let endpoint = try endpoint()
        do {
            let token = try await ask(
                .PUT, endpoint, "/latest/api/token", ["x-aws-ec2-metadata-token-ttl-seconds": "21600"])
            guard token.status == 200 else { return nil }
            let session: HTTPHeaders = ["x-aws-ec2-metadata-token": token.line]
            let role = try await ask(.GET, endpoint, Self.rolePath, session)
            // An instance without profile has no such page.
            guard role.status == 200, !role.line.isEmpty else { return nil }
            let keys = try await ask(.GET, endpoint, Self.rolePath + role.line, session)
            guard keys.status == 200 else {
                throw CredentialError("\(name) answered \(keys.status) for the role's keys")
            }
            return try MetadataDocument.credentials(in: keys.body, from: name)
        } catch is TransportError {
            return nil
        }
    }

    private struct Answer {
        let status: Int
        let body: ByteBuffer

        /// The first line, without white space behind it.
        var line: String {
            let text = String(buffer: body)
            return String(text.prefix { !$0.isNewline }.reversed().drop(while: \.isWhitespace).reversed())
        }
    }

    private func ask(
        _ method: HTTPMethod, _ endpoint: Endpoint, _ path: String, _ headers: HTTPHeaders
    ) async throws -> Answer {
        var headers = headers
        headers.add(name: "host", value: endpoint.authority)
        let call = HTTPCall(method: method, endpoint: endpoint, target: endpoint.path + path, headers: headers)
        return try await withTimeout(Self.timeout, name) { [transport, name] in
            let reply = try await transport.send(call, timeout: Self.timeout)
            return Answer(status: reply.status, body: try await MetadataDocument.body(of: reply, from: name))
        }
    }

    private func endpoint() throws -> Endpoint {
        if let url = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] {
            do {
                return try Endpoint(url)
            } catch {
                throw ConfigurationError("AWS_EC2_METADATA_SERVICE_ENDPOINT: \(error)")
            }
        }
        let isIPv6 = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]?.lowercased() == "ipv6"
        return Endpoint(isSecure: false, host: isIPv6 ? "fd00:ec2::254" : "169.254.169.254")
    }
}
