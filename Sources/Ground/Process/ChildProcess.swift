#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A program that was started and is ours to end.
public struct ChildProcess: Sendable {
    public let id: pid_t

    /// How it ended.
    public enum Ending: Sendable, Equatable {
        case exit(Int32)
        case signal(Int32)
    }

    /// Starts a program in a session of its own, with no input and its output in a file (mode 0600, begun anew).
    /// - Parameters:
    ///   - environment: the whole of it, `NAME=value` each; `nil` hands on this process's own.
    /// - Throws: ``SystemError``.
    public init(
        _ program: String, _ arguments: [String], environment variables: [String]? = nil, output: String
    ) throws(SystemError) {
        #if canImport(Glibc)
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        #else
        var actions: posix_spawn_file_actions_t?
        var attributes: posix_spawnattr_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        // What this thread has blocked is no business of the child's.
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setflags(&attributes, Self.newSession | Int16(POSIX_SPAWN_SETSIGMASK))
        var argumentList = Self.cList([program] + arguments)
        var variableList = Self.cList(variables ?? [])
        defer { for pointer in argumentList + variableList { free(pointer) } }
        var child = pid_t()
        let code: CInt
        if variables == nil {
            code = posix_spawn(&child, program, &actions, &attributes, &argumentList, environ)
        } else {
            code = posix_spawn(&child, program, &actions, &attributes, &argumentList, &variableList)
        }
        guard code == 0 else { throw SystemError(call: "posix_spawn", subject: program, code: code) }
        id = child
    }

    /// POSIX_SPAWN_SETSID, which the C library's headers hide behind a macro of their own.
    #if os(Linux)
    private static let newSession: Int16 = 0x80
    #else
    private static let newSession: Int16 = 0x400
    #endif

    private static func cList(_ strings: [String]) -> [UnsafeMutablePointer<CChar>?] {
        strings.map { strdup($0) } + [nil]
    }

    public func send(_ signal: Int32) { kill(id, signal) }

    /// How it ended, if it has; may be asked once after the end.
    public func poll() -> Ending? {
        var status: CInt = 0
        guard waitpid(id, &status, WNOHANG) == id else { return nil }
        return status & 0x7F == 0 ? .exit(status >> 8 & 0xFF) : .signal(status & 0x7F)
    }

    /// Waits for the end, at most so long.
    public func end(within duration: Duration) async -> Ending? {
        let clock = ContinuousClock()
        let deadline = clock.now + duration
        while clock.now < deadline {
            if let ending = poll() { return ending }
            // A process's end is polled for: wall time, since the process lives in it.
            try? await Task.sleep(for: .milliseconds(10))
        }
        return poll()
    }

    /// The file of the running program.
    public static var currentExecutable: String {
        #if os(Linux)
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { return CommandLine.arguments[0] }
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        #else
        return CommandLine.arguments[0]
        #endif
    }
}
