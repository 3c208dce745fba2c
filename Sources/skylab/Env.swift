import ArgumentParser
import Cloud

struct Env: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what points AWS clients at the server.",
        discussion: """
            Examples:

              eval "$(skylab env)"               for this shell
              skylab env --json                  for programs
            """)

    @OptionGroup var server: ServerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let record = try server.find()
        let account = try RootAccount.read("\(record.stateDirectory)/credentials")
        let variables = [
            ("AWS_ENDPOINT_URL", record.url), ("AWS_REGION", record.region), ("AWS_DEFAULT_REGION", record.region),
            ("AWS_ACCESS_KEY_ID", account.accessKeyID), ("AWS_SECRET_ACCESS_KEY", account.secretAccessKey),
        ]
        if json {
            // No value needs an escape: URL, region name, base64.
            return Terminal.print("{" + variables.map { "\"\($0)\": \"\($1)\"" }.joined(separator: ", ") + "}")
        }
        for (name, value) in variables { Terminal.print("export \(name)='\(value)'") }
        // A token of another session would be sent with these keys.
        Terminal.print("unset AWS_SESSION_TOKEN AWS_PROFILE")
    }
}
