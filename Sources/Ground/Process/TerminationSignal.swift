import Dispatch

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// SIGINT and SIGTERM as something to wait for, from when this is made until ``restoreDefaults()``.
public final class TerminationSignal: Sendable {
    private static let numbers = [SIGINT, SIGTERM]

    private let arrivals: AsyncStream<Void>
    /// Not `Sendable` by declaration; they are made here, and only cancelled afterwards, which is safe from any thread.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    public init() {
        let (arrivals, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingOldest(1))
        self.arrivals = arrivals
        sources = Self.numbers.map { number in
            // The default would end the process before the source hears of it.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield() }
            source.resume()
            return source
        }
        // A peer that goes away is an error of the write, no reason to end.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Returns once one of the signals has come.
    public func wait() async {
        for await _ in arrivals { return }
    }

    /// From now on a signal ends the process at once, as people expect of a second Ctrl-C.
    public func restoreDefaults() {
        for source in sources { source.cancel() }
        for number in Self.numbers { signal(number, SIG_DFL) }
    }
}
