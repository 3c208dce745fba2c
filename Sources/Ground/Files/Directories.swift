#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Folders.
public enum Directories {
    /// Makes a folder and those above it, as far as they are missing.
    /// - Throws: ``SystemError``.
    public static func make(_ path: String, mode: mode_t = 0o755) throws(SystemError) {
        var current = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            current += "/\(part)"
            guard mkdir(current, mode) == 0 || errno == EEXIST else { throw .last("mkdir", current) }
        }
    }
}
