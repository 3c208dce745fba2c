import AWSWire

/// Finds the endpoint and the region of a service's requests.
///
/// An endpoint comes from, the first that is there: the caller; `AWS_ENDPOINT_URL_<SERVICE>`; `AWS_ENDPOINT_URL`; the
/// profile's `services` section; its `endpoint_url`; AWS's own. `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true` skips all but
/// the first and the last.
package struct EndpointResolver: Sendable {
    /// Where a service's requests go and what region their signatures name.
    package struct Target: Sendable, Equatable {
        package let endpoint: Endpoint
        package let signingRegion: String
        /// Whether the endpoint is not AWS's own.
        package let isCustom: Bool
    }

    let files: SharedConfigFiles
    let explicitEndpoint: Endpoint?
    let explicitRegion: String?

    package init(files: SharedConfigFiles, explicitEndpoint: Endpoint? = nil, explicitRegion: String? = nil) {
        self.files = files
        self.explicitEndpoint = explicitEndpoint
        self.explicitRegion = explicitRegion
    }

    private var environment: ProcessEnvironment { files.environment }

    /// The region: the caller's, `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's.
    /// - Throws: ``ConfigurationError`` where there is none, or one that cannot be part of a host name.
    package func region() async throws -> String {
        var region = explicitRegion ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
        if region == nil { region = try await files.profile()?["region"]?.text }
        guard let region, !region.isEmpty else {
            throw ConfigurationError("You must specify a region: set AWS_REGION, or region in the profile")
        }
        let isLabel = region.utf8.count <= 63 && region.first != "-" && region.last != "-"
        guard isLabel, region.utf8.allSatisfy(Self.isHostNameByte) else {
            throw ConfigurationError("the region is not valid: it must be one part of a host name")
        }
        return region
    }

    /// - Throws: ``ConfigurationError``.
    package func target(for service: ServiceSchema) async throws -> Target {
        let region = try await region()
        let own = Self.awsEndpoint(of: service, in: region)
        guard let custom = try await configuredEndpoint(of: service) else { return own }
        return Target(endpoint: custom, signingRegion: own.signingRegion, isCustom: true)
    }

    private func configuredEndpoint(of service: ServiceSchema) async throws -> Endpoint? {
        if let explicitEndpoint { return explicitEndpoint }
        guard !environment.isTrue("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") else { return nil }
        let id = service.serviceID.replacing(" ", with: "_").replacing("-", with: "_")
        for variable in ["AWS_ENDPOINT_URL_\(id.uppercased())", "AWS_ENDPOINT_URL"] {
            if let url = environment[variable] { return try Self.endpoint(url, from: variable) }
        }
        guard let profile = try await files.profile(), profile["ignore_configured_endpoint_urls"]?.text != "true" else {
            return nil
        }
        if let section = profile["services"]?.text {
            guard let services = try await files.config().services[section] else {
                throw ConfigurationError("the profile names the services section \(section), which is not there")
            }
            if let url = services[id.lowercased()]?.nested["endpoint_url"] {
                return try Self.endpoint(url, from: "endpoint_url of \(id.lowercased()) in services \(section)")
            }
        }
        return try profile["endpoint_url"].map { try Self.endpoint($0.text, from: "endpoint_url") }
    }

    private static func endpoint(_ url: String, from setting: String) throws(ConfigurationError) -> Endpoint {
        do {
            return try Endpoint(url)
        } catch {
            throw ConfigurationError("\(setting): \(error)")
        }
    }

    /// Services that have one endpoint for all regions though their models do not say so.
    private static let globalHosts = [
        "budgets": "budgets.amazonaws.com", "ce": "ce.us-east-1.amazonaws.com",
        "pricing": "api.pricing.us-east-1.amazonaws.com",
    ]
    /// Services that have an endpoint in each region though their models name a global one as well.
    private static let regionalServices: Set = ["s3", "sts"]

    private static func awsEndpoint(of service: ServiceSchema, in region: String) -> Target {
        let suffix = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        if suffix == "amazonaws.com", !regionalServices.contains(service.endpointPrefix),
            let host = globalHosts[service.signingName] ?? service.globalEndpoint
        {
            return Target(endpoint: Endpoint(host: host), signingRegion: "us-east-1", isCustom: false)
        }
        return Target(
            endpoint: Endpoint(host: "\(service.endpointPrefix).\(region).\(suffix)"), signingRegion: region,
            isCustom: false)
    }

    private static func isHostNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
