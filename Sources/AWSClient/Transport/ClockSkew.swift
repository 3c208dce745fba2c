import Ground
import NIOHTTP1
import Synchronization

/// How far the clock of this machine is from AWS's, learnt from the answers, so that signatures carry a time that AWS
/// accepts.
final class ClockSkew: Sendable {
    /// What a signature's time may be off for AWS: 5 minutes for most services.
    private static let tolerance: Int64 = 4 * 60_000

    private let offset = Mutex<Int64>(0)
    private let wallTime: @Sendable () -> Timestamp

    init(wallTime: @escaping @Sendable () -> Timestamp) { self.wallTime = wallTime }

    /// Wall time as AWS has it.
    var now: Timestamp {
        Timestamp(milliseconds: wallTime().milliseconds + offset.withLock { $0 })
    }

    /// Whether the `Date` of an answer is too far from what we believe AWS's time to be.
    func differs(from headers: HTTPHeaders) -> Bool {
        guard let date = Self.date(in: headers) else { return false }
        return abs(date.milliseconds - now.milliseconds) > Self.tolerance
    }

    /// Takes AWS's time from an answer.
    func learn(from headers: HTTPHeaders) {
        guard let date = Self.date(in: headers) else { return }
        offset.withLock { $0 = date.milliseconds - wallTime().milliseconds }
    }

    private static func date(in headers: HTTPHeaders) -> Timestamp? {
        headers.first(name: "date").flatMap { Timestamp(httpDate: $0) }
    }
}
