/// Where requests go: the fixed part of a URL.
public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// Whether the connection is encrypted.
    public var isSecure: Bool
    /// A name or an address, IPv6 without brackets.
    public var host: String
    /// Where it is not the scheme's own.
    public var port: Int?
    /// What stands before each request's path: empty, or `/prefix` without a slash at the end.
    public var path: String

    package init(isSecure: Bool = true, host: String, port: Int? = nil, path: String = "") {
        self.isSecure = isSecure
        self.host = host
        self.port = port == (isSecure ? 443 : 80) ? nil : port
        self.path = path
    }

    /// Reads an `http` or `https` URL of scheme, host, and perhaps port and path.
    /// - Throws: ``ConfigurationError`` for anything else, user names and queries among them.
    public init(_ url: String) throws(ConfigurationError) {
        func refuse(_ why: String) -> ConfigurationError {
            // The text is not repeated: somebody may have put a password in it.
            ConfigurationError("an endpoint URL is wrong: \(why)")
        }
        guard let separator = url.firstRange(of: "://") else { throw refuse("it has no scheme such as http://") }
        let isSecure: Bool
        switch url[..<separator.lowerBound].lowercased() {
        case "https": isSecure = true
        case "http": isSecure = false
        default: throw refuse("its scheme is neither http nor https")
        }
        let rest = url[separator.upperBound...]
        guard !rest.contains(where: { "@?#\\ ".contains($0) || $0.isNewline }) else {
            throw refuse("user names, queries, fragments and spaces have no place in it")
        }
        let authority = rest.prefix { $0 != "/" }
        var host = authority
        var port: Substring?
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { throw refuse("the address has no closing bracket") }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let tail = authority[authority.index(after: end)...]
            guard tail.isEmpty || tail.first == ":" else { throw refuse("there is text behind the address") }
            port = tail.isEmpty ? nil : tail.dropFirst()
        } else if let colon = authority.lastIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        guard !host.isEmpty else { throw refuse("it names no host") }
        var number: Int?
        if let port {
            guard let value = Int(port), (1...65535).contains(value) else { throw refuse("the port is none") }
            number = value
        }
        var path = rest[authority.endIndex...]
        while path.last == "/" { path.removeLast() }
        self.init(isSecure: isSecure, host: String(host), port: number, path: String(path))
    }

    /// The `Host` header: host, and the port where it is not the scheme's own.
    package var authority: String {
        let host = host.contains(":") ? "[\(host)]" : host
        return port.map { "\(host):\($0)" } ?? host
    }

    /// Scheme and authority, without the path.
    package var origin: String { "\(isSecure ? "https" : "http")://\(authority)" }

    public var description: String { origin + path }

    /// Whether the host is this machine, by its name or address.
    package var isLoopback: Bool {
        let octets = host.split(separator: ".", omittingEmptySubsequences: false)
        return host.lowercased() == "localhost" || host == "::1"
            || octets.count == 4 && octets[0] == "127" && octets.allSatisfy { UInt8($0) != nil }
    }
}
