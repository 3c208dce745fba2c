import ArgumentParser
import Cloud

/// The command line. Each subcommand has a file of its own name.
@main
struct Skylab: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skylab",
        abstract: "An AWS lab on your own machine.",
        discussion: """
            Start the server, point any AWS client at it, and work:

              skylab up --detach
              eval "$(skylab env)"
              aws s3 mb s3://my-bucket
              skylab lab run            # walks the lab, checks every step, writes a report
              skylab down
            """,
        version: CloudServer.version,
        subcommands: [Up.self, Down.self, Status.self, Env.self, Logs.self, LabCommand.self, Version.self])
}

/// Which server a command is about.
struct ServerOptions: ParsableArguments {
    @Option(help: "The server's port.")
    var port = CloudServer.standardPort

    @Option(help: ArgumentHelp("The server's state directory, if it must be that one.", valueName: "dir"))
    var state: String?

    /// The running server.
    /// - Throws: an explanation with the next step where there is none.
    func find() throws -> ServerRecord {
        guard let record = ServerRecord.find(port: port) else {
            throw CommandFailure("no Skylab server runs on port \(port). Start one with `skylab up --port \(port)`.")
        }
        if let state, StateDirectory.absolute(state) != record.stateDirectory {
            throw CommandFailure("the server on port \(port) uses \(record.stateDirectory), not \(state).")
        }
        return record
    }
}

/// Ends a command with a message in plain words and exit code 1.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
