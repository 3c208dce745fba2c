import ArgumentParser
import Cloud

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

struct Logs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the server's log.", discussion: "Example: skylab logs --follow")

    @OptionGroup var server: ServerOptions

    @Flag(name: .shortAndLong, help: "Go on printing what comes, until Ctrl-C.")
    var follow = false

    @Option(name: [.customShort("n"), .long], help: "How many lines to begin with.")
    var lines = 200

    func validate() throws {
        guard (0...100_000).contains(lines) else { throw ValidationError("--lines is a number from 0 to 100000.") }
    }

    func run() async throws {
        let record = try server.find()
        let path = "\(record.stateDirectory)/skylab.log"
        guard let file = fopen(path, "r") else {
            throw CommandFailure("can't read \(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var last: [String] = []
        while let line = Self.line(of: file) {
            last.append(line)
            if last.count > lines { last.removeFirst(last.count - lines) }
        }
        for line in last { Terminal.show(line) }
        guard follow else { return }
        while !Task.isCancelled {
            clearerr(file)
            while let line = Self.line(of: file) { Terminal.show(line) }
            // A file that grows can only be polled for: wall time, for a command alone.
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private static func line(of file: UnsafeMutablePointer<FILE>) -> String? {
        var buffer = [CChar](repeating: 0, count: 65_536)
        guard fgets(&buffer, CInt(buffer.count), file) != nil else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
