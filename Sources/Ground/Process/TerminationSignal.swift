#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// SIGINT and SIGTERM as something to wait for.
public enum TerminationSignal {
    /// Keeps the signals for ``wait()``. To be called before any other thread is there: threads inherit what is blocked.
    public static func block() {
        var signals = set()
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        // A client that goes away is an error of its write, no reason to end.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for the first of the signals, on a thread of its own.
    public static func wait() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let box = Unmanaged.passRetained(Box(continuation))
            #if canImport(Glibc)
            var thread = pthread_t()
            #else
            var thread: pthread_t?
            #endif
            let code = pthread_create(
                &thread, nil,
                { context in
                    #if canImport(Glibc)
                    guard let context else { return nil }
                    #endif
                    var signals = TerminationSignal.set()
                    var received: CInt = 0
                    sigwait(&signals, &received)
                    // The pointer is the one that was retained for this thread.
                    Unmanaged<Box>.fromOpaque(context).takeRetainedValue().continuation.resume()
                    return nil
                }, box.toOpaque())
            if code != 0 { box.takeRetainedValue().continuation.resume() }
        }
    }

    /// From now on a second signal ends the process at once, as people expect of a second Ctrl-C.
    public static func unblock() {
        var signals = set()
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    private static func set() -> sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        return signals
    }

    private final class Box: Sendable {
        let continuation: CheckedContinuation<Void, Never>
        init(_ continuation: CheckedContinuation<Void, Never>) { self.continuation = continuation }
    }
}
