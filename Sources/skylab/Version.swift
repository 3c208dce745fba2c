import ArgumentParser
import Cloud

struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the version.")

    func run() { Terminal.print(CloudServer.version) }
}
