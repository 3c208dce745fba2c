import Ground
import Synchronization

/// Counts of what was answered, for `/_skylab/metrics` and the live view.
public final class RequestMetrics: Sendable {
    struct Key: Hashable {
        let service: String
        let operation: String
        let status: Int
    }

    private struct State {
        var counts: [Key: Int] = [:]
        var microseconds: [Key: Int64] = [:]
        var total = 0
        var errors = 0
        var recent: [RequestRecord] = []
    }

    /// Operations are AWS's own names, so that there are not many; what is not known counts as one.
    private static let maximumKeys = 4096
    private static let recentRequests = 12

    private let state = Mutex(State())

    public init() {}

    func count(_ record: RequestRecord) {
        let key = Key(service: record.service, operation: record.operation, status: record.status)
        let components = record.duration.components
        let microseconds = components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
        state.withLock { state in
            state.total += 1
            if record.status >= 500 { state.errors += 1 }
            if state.counts.count < Self.maximumKeys || state.counts[key] != nil {
                state.counts[key, default: 0] += 1
                state.microseconds[key, default: 0] += microseconds
            }
            if state.recent.count == Self.recentRequests { state.recent.removeFirst() }
            state.recent.append(record)
        }
    }

    /// All requests, and those answered with 5xx.
    public var totals: (requests: Int, errors: Int) { state.withLock { ($0.total, $0.errors) } }

    /// The last requests, oldest first.
    public var recent: [RequestRecord] { state.withLock { $0.recent } }

    /// Prometheus' text format.
    func exposition() -> String {
        let (counts, microseconds) = state.withLock { ($0.counts, $0.microseconds) }
        func labels(_ key: Key) -> String {
            "{service=\"\(key.service)\",operation=\"\(key.operation)\",status=\"\(key.status)\"}"
        }
        let keys = counts.keys.sorted { ($0.service, $0.operation, $0.status) < ($1.service, $1.operation, $1.status) }
        var text = "# HELP skylab_requests_total Requests answered.\n# TYPE skylab_requests_total counter\n"
        for key in keys { text += "skylab_requests_total\(labels(key)) \(counts[key] ?? 0)\n" }
        text +=
            "# HELP skylab_request_seconds_total Time spent answering.\n# TYPE skylab_request_seconds_total counter\n"
        for key in keys {
            text += "skylab_request_seconds_total\(labels(key)) \(Double(microseconds[key] ?? 0) / 1e6)\n"
        }
        if let resident = residentMemory() {
            text += "# HELP skylab_resident_bytes Resident memory.\n# TYPE skylab_resident_bytes gauge\n"
            text += "skylab_resident_bytes \(resident)\n"
        }
        return text
    }
}
