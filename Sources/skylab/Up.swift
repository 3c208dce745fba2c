import ArgumentParser
import Cloud
import Ground

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start the server.",
        discussion: """
            Runs in the foreground until Ctrl-C. Examples:

              skylab up                          state in ~/.local/state/skylab, kept from run to run
              skylab up --ephemeral --port 0     empty, on a free port, gone afterwards: for tests
              skylab up --detach                 in the background; `skylab down` stops it
              skylab up --open                   accepts any key: for tools that bring their own
            """)

    @Option(help: "The port to listen on; 0 takes a free one.")
    var port = CloudServer.standardPort

    @Option(help: "The address to listen on. Beyond loopback, whoever reaches the port can try keys.")
    var host = "127.0.0.1"

    @Option(help: ArgumentHelp("Where buckets, keys and logs are kept.", valueName: "dir"))
    var state: String?

    @Flag(help: "Start empty, in a directory that is removed at the end.")
    var ephemeral = false

    @Option(help: "The region that `skylab env` gives to clients; the server serves every region.")
    var region = "ap-south-1"

    @Option(help: ArgumentHelp("The account's id.", valueName: "12 digits"))
    var account: String?

    @Flag(help: "Accept any access key and signature. A key of 12 digits is that account, any other the default one.")
    var open = false

    @Option(help: "How many times as fast as wall time the cloud's time runs.")
    var speed = 1.0

    @Flag(help: "Run in the background.")
    var detach = false

    @Flag(help: "Print one line of JSON once the server is ready.")
    var json = false

    @Flag(help: .hidden)
    var quiet = false

    func validate() throws {
        guard (0...65535).contains(port) else { throw ValidationError("--port is a number from 0 to 65535.") }
        guard speed > 0, speed <= 1_000_000 else {
            throw ValidationError("--speed is a number above 0, at most 1000000.")
        }
        guard !ephemeral || state == nil else { throw ValidationError("--ephemeral and --state exclude one another.") }
        guard account.map(RootAccount.isAccountID) ?? true else { throw ValidationError("--account has 12 digits.") }
        guard CloudServer.isRegion(region) else {
            throw ValidationError("--region is the name of a region, such as ap-south-1.")
        }
        guard !open || CloudServer.isLoopback(host) else {
            throw ValidationError("--open accepts anybody and is therefore for loopback addresses only.")
        }
        guard !detach || port != 0 else { throw ValidationError("--detach needs a port that later commands can name.") }
    }

    func run() async throws {
        if detach { return try await Detached.start(self) }
        let signal = TerminationSignal()
        raiseFileDescriptorLimit()
        let directory =
            ephemeral
            ? try StateDirectory(ephemeral: ())
            : try StateDirectory(path: StateDirectory.absolute(state ?? StateDirectory.standardPath))
        defer { directory.remove() }
        let account = try RootAccount.open(in: directory, account: account)
        let showsView = Terminal.isInteractive && !json && !quiet
        let log = try LogSink(path: directory.log, copiesToStandardError: !showsView && !quiet)
        defer { log.close() }
        let options = CloudServer.Options(
            host: host, port: port, region: region, acceptsAnyKey: open, speed: speed)
        let server = try await CloudServer.start(options, account: account, directory: directory, log: log)
        let record = server.record(processID: getpid())
        try record.write()
        defer { record.remove() }
        announce(record, showsView: showsView)
        if showsView {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await LiveView(server).run() }
                await signal.wait()
                group.cancelAll()
            }
        } else {
            await signal.wait()
        }
        signal.restoreDefaults()
        if showsView { Terminal.print("\nStopping: requests in flight have 10 seconds.") }
        await server.shutdown(gracePeriod: .seconds(10))
    }

    private func announce(_ record: ServerRecord, showsView: Bool) {
        if open {
            Terminal.warn(
                "WARNING: --open: every access key and signature is accepted on \(record.url). Nothing here is protected."
            )
        }
        if json {
            Terminal.print(record.json)
        } else if !showsView, !quiet {
            Terminal.print(
                "Skylab \(record.version) is ready at \(record.url). eval \"$(skylab env --port \(record.port))\"")
        }
    }
}
