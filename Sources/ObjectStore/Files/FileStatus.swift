import Ground

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The values of `errno` that the store tells apart.
enum ErrorNumber {
    static let missing: CInt = ENOENT
    static let noMoreLinks: [CInt] = [EMLINK, EPERM, EOPNOTSUPP]
}

extension OpenFile {
    /// - Throws: ``SystemError``.
    func size() throws(SystemError) -> Int64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .last("fstat", "") }
        return Int64(status.st_size)
    }
}
