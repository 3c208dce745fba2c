import AWSWire

/// The profile in use of the shared files: keys, or a role to assume with another profile's keys.
struct ProfileCredentials: CredentialProvider {
    /// As long as a chain of `source_profile`s may be.
    private static let maximumChainLength = 5

    let files: SharedConfigFiles
    let environment: ProcessEnvironment
    let container: any CredentialProvider
    let instance: any CredentialProvider
    let assumeRole: AssumeRole

    var name: String { "shared config and credentials files" }

    func credentials() async throws -> ExpiringCredentials? {
        guard let profile = try await files.profile() else { return nil }
        return try await credentials(of: profile, named: files.profileName, visited: [])
    }

    private func credentials(
        of profile: SharedConfig.Profile, named name: String, visited: [String]
    ) async throws -> ExpiringCredentials? {
        let keys = try staticKeys(of: profile, named: name)
        // A profile that names itself as source means its own keys.
        if visited.last == name { return keys }
        if let role = profile["role_arn"]?.text {
            guard !visited.contains(name), visited.count < Self.maximumChainLength else {
                throw ConfigurationError("profile \(name): its source_profile leads back to it or too far")
            }
            return try await assume(role, profile, named: name, visited: visited + [name])
        }
        if let keys { return keys }
        for unsupported in ["credential_process", "sso_session", "sso_start_url", "web_identity_token_file"] {
            if profile[unsupported] != nil {
                throw ConfigurationError("profile \(name): \(unsupported) is not supported")
            }
        }
        return nil
    }

    private func staticKeys(of profile: SharedConfig.Profile, named name: String) throws -> ExpiringCredentials? {
        guard let id = profile["aws_access_key_id"]?.text else { return nil }
        guard let secret = profile["aws_secret_access_key"]?.text else {
            throw ConfigurationError("profile \(name): aws_access_key_id without aws_secret_access_key")
        }
        return ExpiringCredentials(
            Credentials(
                accessKeyID: id, secretAccessKey: secret, sessionToken: profile["aws_session_token"]?.text))
    }

    private func assume(
        _ role: String, _ profile: SharedConfig.Profile, named name: String, visited: [String]
    ) async throws -> ExpiringCredentials {
        guard profile["mfa_serial"] == nil else {
            throw ConfigurationError("profile \(name): mfa_serial is not supported")
        }
        let source: ExpiringCredentials?
        switch (profile["source_profile"]?.text, profile["credential_source"]?.text) {
        case (let sourceName?, nil):
            guard let sourceProfile = try await files.config().profiles[sourceName] else {
                throw ConfigurationError("profile \(name): its source_profile \(sourceName) could not be found")
            }
            source = try await credentials(of: sourceProfile, named: sourceName, visited: visited)
        case (nil, "Environment"): source = try await EnvironmentCredentials(environment).credentials()
        case (nil, "EcsContainer"): source = try await container.credentials()
        case (nil, "Ec2InstanceMetadata"): source = try await instance.credentials()
        default:
            throw ConfigurationError("profile \(name): role_arn needs either source_profile or credential_source")
        }
        guard let source else {
            throw CredentialError("profile \(name): there are no credentials to assume \(role) with")
        }
        let seconds = try profile["duration_seconds"].map { property in
            guard let seconds = Int(property.text) else {
                throw ConfigurationError("profile \(name): duration_seconds is no number")
            }
            return seconds
        }
        return try await assumeRole(
            AssumeRole.Request(
                roleArn: role, sessionName: profile["role_session_name"]?.text ?? "skylab-session",
                externalID: profile["external_id"]?.text, durationSeconds: seconds),
            source.credentials)
    }
}
