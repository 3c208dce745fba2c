import Ground

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What a running server tells the commands that come after it: where it is and which process it is. One file per port
/// beside the standard state directory, so that `skylab env --port N` finds an ephemeral server as well.
public struct ServerRecord: Sendable {
    public let processID: Int32
    public let port: Int
    public let url: String
    public let region: String
    public let account: String
    public let stateDirectory: String
    public let isEphemeral: Bool
    public let version: String
    public let started: Timestamp

    public init(
        processID: Int32, port: Int, url: String, region: String, account: String, stateDirectory: String,
        isEphemeral: Bool, version: String, started: Timestamp
    ) {
        self.processID = processID
        self.port = port
        self.url = url
        self.region = region
        self.account = account
        self.stateDirectory = stateDirectory
        self.isEphemeral = isEphemeral
        self.version = version
        self.started = started
    }

    private static func path(port: Int) -> String { "\(StateDirectory.standardPath)/servers/\(port)" }

    /// The record of the server on a port, if that process is still there.
    public static func find(port: Int) -> ServerRecord? {
        guard let file = try? KeyValueFile(path: path(port: port)), let pid = file["pid"].flatMap({ Int32($0) }),
            kill(pid, 0) == 0 || errno == EPERM, let url = file["url"], let region = file["region"],
            let account = file["account"], let state = file["state"],
            let started = file["started"].flatMap({ Int64($0) })
        else { return nil }
        return ServerRecord(
            processID: pid, port: port, url: url, region: region, account: account, stateDirectory: state,
            isEphemeral: file["ephemeral"] == "true", version: file["version"] ?? "",
            started: Timestamp(milliseconds: started))
    }

    public func write() throws(SystemError) {
        try Directories.make("\(StateDirectory.standardPath)/servers", mode: 0o700)
        try KeyValueFile(
            section: "server",
            values: [
                ("pid", String(processID)), ("url", url), ("region", region), ("account", account),
                ("state", stateDirectory), ("ephemeral", String(isEphemeral)), ("version", version),
                ("started", String(started.milliseconds)),
            ]
        ).write(to: Self.path(port: port))
    }

    /// One line of JSON. No secret is in it: `skylab env` gives the key.
    public var json: String {
        var writer = JSONObject()
        writer.add("url", url)
        writer.add("port", port)
        writer.add("pid", Int(processID))
        writer.add("account", account)
        writer.add("region", region)
        writer.add("stateDirectory", stateDirectory)
        writer.add("ephemeral", isEphemeral)
        writer.add("version", version)
        return writer.text
    }

    public func remove() { unlink(Self.path(port: port)) }
}
