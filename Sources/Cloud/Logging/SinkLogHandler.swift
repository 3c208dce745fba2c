import Ground
import Logging

/// swift-log into a ``LogSink``, in the same form as the request lines.
struct SinkLogHandler: LogHandler {
    let sink: LogSink
    let label: String
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]

    init(sink: LogSink, label: String) {
        self.sink = sink
        self.label = label
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = "\(WallClock.now.iso8601(milliseconds: true)) level=\(event.level) logger=\(label)"
        line += " message=\(RequestRecord.quoted("\(event.message)"))"
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }).sorted(by: {
            $0.key < $1.key
        }) {
            line += " \(key)=\(RequestRecord.quoted("\(value)"))"
        }
        sink.write(line)
    }
}
