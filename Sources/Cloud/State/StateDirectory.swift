import Ground

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where everything that must last is: the account's keys, the object store, the log. One server at a time.
public final class StateDirectory: Sendable {
    public let path: String
    /// Whether it goes away with the server.
    public let isEphemeral: Bool
    /// Held as long as the directory is in use; the system lets go of it when the process dies, however it dies.
    private let lock: OpenFile

    public var objects: String { "\(path)/objects" }
    public var credentials: String { "\(path)/credentials" }
    public var log: String { "\(path)/skylab.log" }

    /// `$XDG_STATE_HOME/skylab`, else `~/.local/state/skylab`.
    public static var standardPath: String {
        if let home = environment("XDG_STATE_HOME"), home.hasPrefix("/") { return "\(home)/skylab" }
        return "\(environment("HOME") ?? "/tmp")/.local/state/skylab"
    }

    /// A path from the root, whatever the working directory is later.
    public static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        var buffer = [CChar](repeating: 0, count: 4096)
        guard getcwd(&buffer, buffer.count) != nil else { return path }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) + "/" + path
    }

    /// Makes the directory where it is missing (mode 0700) and locks it.
    /// - Throws: ``StateDirectoryError``.
    public init(path: String) throws(StateDirectoryError) {
        self.path = path
        isEphemeral = false
        try Self.makeDirectories(path)
        lock = try Self.lock(path)
    }

    /// A directory that is new and goes away by ``remove()``.
    public init(ephemeral: Void) throws(StateDirectoryError) {
        let parent = environment("TMPDIR").flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var template = Array("\(parent)/skylab-XXXXXX".utf8CString)
        guard
            let made = template.withUnsafeMutableBufferPointer({ buffer in
                buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
            })
        else { throw .unusable(path: parent, reason: SystemError.last("mkdtemp", parent).description) }
        path = made
        isEphemeral = true
        lock = try Self.lock(made)
        Self.sweep(parent)
    }

    /// Removes what servers that were killed have left: directories of our form whose lock nobody has held for a while.
    private static func sweep(_ parent: String) {
        guard let directory = opendir(parent) else { return }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = name(of: entry)
            guard name.hasPrefix("skylab-"), name.utf8.count == "skylab-XXXXXX".utf8.count else { continue }
            let path = "\(parent)/\(name)"
            var status = stat()
            guard stat("\(path)/lock", &status) == 0, status.st_uid == getuid() else { continue }
            // A server that starts right now has not locked its directory yet.
            guard time(nil) - lastChange(of: status) > abandonedAfterSeconds, (try? lock(path)) != nil else { continue }
            removeTree(path)
        }
    }

    private static let abandonedAfterSeconds = 600

    private static func lastChange(of status: stat) -> time_t {
        #if os(Linux)
        status.st_mtim.tv_sec
        #else
        status.st_mtimespec.tv_sec
        #endif
    }

    private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
        withUnsafePointer(to: &entry.pointee.d_name) { name in
            name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
    }

    /// Removes an ephemeral directory with all that is in it; leaves any other alone.
    public func remove() {
        guard isEphemeral else { return }
        Self.removeTree(path)
    }

    private static func makeDirectories(_ path: String) throws(StateDirectoryError) {
        do {
            try Directories.make(path, mode: 0o700)
        } catch {
            throw .unusable(path: path, reason: error.description)
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw .unusable(path: path, reason: "it is no directory")
        }
    }

    private static func lock(_ path: String) throws(StateDirectoryError) -> OpenFile {
        let file = "\(path)/lock"
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .unusable(path: path, reason: SystemError.last("open", file).description)
        }
        let lock = OpenFile(descriptor: descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .inUse(path: path) }
        return lock
    }

    private static func removeTree(_ path: String) {
        if let directory = opendir(path) {
            while let entry = readdir(directory) {
                let name = name(of: entry)
                if name != ".", name != ".." { removeTree("\(path)/\(name)") }
            }
            closedir(directory)
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}

/// Why a state directory can't be used.
public enum StateDirectoryError: Error, CustomStringConvertible {
    case inUse(path: String)
    case unusable(path: String, reason: String)

    public var description: String {
        switch self {
        case .inUse(let path):
            "another Skylab server uses \(path). Stop it with `skylab down`, or give this one a directory of its own "
                + "with --state DIR or --ephemeral."
        case .unusable(let path, let reason):
            "the state directory \(path) can't be used: \(reason). Give another one with --state DIR."
        }
    }
}
