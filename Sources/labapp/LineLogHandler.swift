import Ground
import Logging

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Writes each log message as one line to standard error, in one system call, so that lines of different threads do not
/// mix.
struct LineLogHandler: LogHandler {
    let label: String
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = "\(WallClock.now.iso8601(milliseconds: true)) \(event.level.rawValue) \(label): \(event.message)"
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }).sorted(by: {
            $0.key < $1.key
        }) {
            line += " \(key)=\(value)"
        }
        Self.emit(line)
    }

    /// Writes one line; what could break it into two or steer a terminal is replaced.
    static func emit(_ line: String) {
        var bytes = line.utf8.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: "?") : $0 }
        bytes.append(UInt8(ascii: "\n"))
        // A log that cannot be written must not stop the service.
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
