/// What AWS's two shared files say: `~/.aws/config` and `~/.aws/credentials`, profiles of one name taken together.
package struct SharedConfig: Sendable {
    /// Properties by lower-cased name.
    package typealias Profile = [String: INIFile.Property]

    package let profiles: [String: Profile]
    /// The `[services NAME]` sections: service endpoints by the service's id.
    package let services: [String: Profile]

    /// Profiles of the credentials file win over those of the config file, property by property; `[profile default]`
    /// wins over `[default]`.
    package init(config: INIFile = INIFile(), credentials: INIFile = INIFile()) {
        var profiles: [String: Profile] = [:]
        var services: [String: Profile] = [:]
        profiles["default"] = config.sections["default"]
        for (section, properties) in config.sections {
            let words = section.split(separator: " ", maxSplits: 1)
            guard words.count == 2 else { continue }
            switch words[0] {
            case "profile": profiles[String(words[1])] = properties
            case "services": services[String(words[1])] = properties
            default: continue
            }
        }
        for (name, properties) in credentials.sections {
            profiles[name, default: [:]].merge(properties) { _, new in new }
        }
        self.profiles = profiles
        self.services = services
    }

    /// Reads the files that `environment` names, or those of the home directory. A file that is not there is empty.
    /// - Throws: ``ConfigurationError`` where one cannot be read or understood.
    static func load(_ environment: ProcessEnvironment) async throws -> SharedConfig {
        SharedConfig(
            config: try await file("AWS_CONFIG_FILE", default: "~/.aws/config", environment),
            credentials: try await file("AWS_SHARED_CREDENTIALS_FILE", default: "~/.aws/credentials", environment))
    }

    private static func file(
        _ variable: String, default path: String, _ environment: ProcessEnvironment
    ) async throws -> INIFile {
        var path = environment[variable] ?? path
        if path.hasPrefix("~/") {
            guard let home = environment["HOME"] else { return INIFile() }
            path = home + path.dropFirst()
        }
        do {
            guard let text = try await SmallFile.text(at: path) else { return INIFile() }
            return try INIFile(parsing: text)
        } catch let error as INIFile.SyntaxError {
            throw ConfigurationError("\(path), line \(error.line): \(error.reason)")
        } catch {
            throw ConfigurationError("cannot read \(path): \(error)")
        }
    }
}

/// The shared files of one environment, read when somebody first asks and then kept.
package actor SharedConfigFiles {
    package let environment: ProcessEnvironment
    private var loading: Task<SharedConfig, any Error>?

    package init(environment: ProcessEnvironment) { self.environment = environment }

    /// The profile that `AWS_PROFILE` names, else `default`.
    package nonisolated var profileName: String { environment["AWS_PROFILE"] ?? "default" }

    /// - Throws: ``ConfigurationError``.
    func config() async throws -> SharedConfig {
        let environment = environment
        let task = loading ?? Task { try await SharedConfig.load(environment) }
        loading = task
        return try await task.value
    }

    /// The profile in use; `nil` where no file has it and none was asked for.
    /// - Throws: ``ConfigurationError``, also where `AWS_PROFILE` names a profile that is not there.
    func profile() async throws -> SharedConfig.Profile? {
        let profile = try await config().profiles[profileName]
        guard profile != nil || environment["AWS_PROFILE"] == nil else {
            throw ConfigurationError("The config profile (\(profileName)) could not be found")
        }
        return profile
    }
}

/// A client was told to do what it cannot: a setting is missing, broken or contradicts another.
public struct ConfigurationError: Error, CustomStringConvertible, Equatable {
    public let description: String

    public init(_ description: String) { self.description = description }
}
