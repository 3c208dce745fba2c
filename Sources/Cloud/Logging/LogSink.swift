import Ground
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where log lines go: a file that is bounded, and standard error if wanted.
///
/// Lines are gathered and written by a thread of their own, so that a request never waits for a disk or a terminal. At
/// most ``interval`` of lines is lost by `kill -9`.
public final class LogSink: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var isClosed = false
        var written = 0
        var descriptor: CInt
        var dropped = 0
    }

    /// A file that has grown to this size becomes `.1`, and a new one begins.
    private static let maximumFile = 16 << 20
    /// Lines beyond this are dropped, and counted, rather than held while a disk does not take them.
    private static let maximumPending = 8 << 20
    private static let intervalMicroseconds: UInt32 = 100_000

    private let path: String
    private let copiesToStandardError: Bool
    private let state: Mutex<State>
    private let writing = Mutex(())

    /// - Throws: ``Ground/SystemError`` where the file can't be opened.
    public init(path: String, copiesToStandardError: Bool) throws(SystemError) {
        let descriptor = try Self.openFile(path)
        self.path = path
        self.copiesToStandardError = copiesToStandardError
        state = Mutex(State(written: Int(max(0, lseek(descriptor, 0, SEEK_END))), descriptor: descriptor))
        startThread()
    }

    /// Takes a line without its end.
    public func write(_ line: String) {
        state.withLock { state in
            guard state.pending.count < Self.maximumPending else {
                state.dropped += 1
                return
            }
            state.pending.append(contentsOf: line.utf8)
            state.pending.append(UInt8(ascii: "\n"))
        }
    }

    /// Writes what is there and ends the thread.
    public func close() {
        state.withLock { $0.isClosed = true }
        flush()
    }

    private static func openFile(_ path: String) throws(SystemError) -> CInt {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError.last("open", path) }
        return descriptor
    }

    private func startThread() {
        let context = Unmanaged.passRetained(self)
        #if canImport(Glibc)
        var thread = pthread_t()
        #else
        var thread: pthread_t?
        #endif
        let started = pthread_create(
            &thread, nil,
            { context in
                // The pointer is the one that was retained for this thread.
                #if canImport(Glibc)
                guard let context else { return nil }
                #endif
                Unmanaged<LogSink>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        if started != 0 { context.release() }
    }

    private func run() {
        while !state.withLock({ $0.isClosed }) {
            // A thread of its own that gathers lines: nothing waits for it.
            usleep(Self.intervalMicroseconds)
            flush()
        }
    }

    private func flush() {
        writing.withLock { _ in
            let (bytes, descriptor) = state.withLock { state -> ([UInt8], CInt) in
                var bytes: [UInt8] = []
                swap(&bytes, &state.pending)
                if state.dropped > 0 {
                    bytes.append(contentsOf: Array("\(state.dropped) lines dropped\n".utf8))
                    state.dropped = 0
                }
                return (bytes, state.descriptor)
            }
            guard !bytes.isEmpty else { return }
            Self.writeAll(bytes, to: descriptor)
            if copiesToStandardError { Self.writeAll(bytes, to: STDERR_FILENO) }
            rotate(after: bytes.count)
        }
    }

    private func rotate(after count: Int) {
        state.withLock { state in
            state.written += count
            guard state.written > Self.maximumFile else { return }
            rename(path, "\(path).1")
            guard let descriptor = try? Self.openFile(path) else { return }
            closeDescriptor(state.descriptor)
            state.descriptor = descriptor
            state.written = 0
        }
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: CInt) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
