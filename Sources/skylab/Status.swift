import ArgumentParser
import AsyncHTTPClient
import Cloud
import NIOCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Tell whether a server runs, and how it is.")

    @OptionGroup var server: ServerOptions

    @Flag(help: "Print JSON.")
    var json = false

    /// What `/_skylab/health` tells.
    private struct Health: Decodable {
        let cloudTime: String
        let requests: Int
        let residentBytes: Int?
    }

    func run() async throws {
        let record = try server.find()
        let health: String
        do {
            let answer = try await HTTPClient.shared.execute(
                HTTPClientRequest(url: "\(record.url)/_skylab/health"), timeout: .seconds(5))
            health = String(buffer: try await answer.body.collect(upTo: 1 << 20))
        } catch {
            throw CommandFailure("process \(record.processID) is there, but \(record.url) does not answer: \(error)")
        }
        if json { return Terminal.print(health) }
        Terminal.print(
            "\(Terminal.green("●")) Skylab \(record.version) at \(Terminal.bold(record.url)), process \(record.processID)"
        )
        Terminal.print("  account  \(record.account)")
        Terminal.print("  region   \(record.region)")
        Terminal.print("  state    \(record.stateDirectory)\(record.isEphemeral ? " (ephemeral)" : "")")
        let facts = try JSONDecoder().decode(Health.self, from: Data(health.utf8))
        Terminal.print("  cloud    \(facts.cloudTime)")
        Terminal.print("  requests \(facts.requests)")
        if let resident = facts.residentBytes { Terminal.print("  memory   \(resident >> 20) MiB") }
    }
}
