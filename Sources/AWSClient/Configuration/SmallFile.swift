import Ground
import NIOPosix

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Reads the small text files that a client is set up by.
enum SmallFile {
    /// The text of a file, read off the cooperative pool; `nil` where there is none.
    /// - Parameter limit: the most bytes that are accepted.
    /// - Throws: `SystemError`; `EFBIG` where the file is longer.
    static func text(at path: String, limit: Int = 1 << 20) async throws -> String? {
        try await NIOThreadPool.singleton.runIfActive { try readNow(path, limit: limit) }
    }

    private static func readNow(_ path: String, limit: Int) throws(SystemError) -> String? {
        let file: OpenFile
        do {
            file = try OpenFile(reading: path)
        } catch let error where error.code == ENOENT || error.code == ENOTDIR {
            return nil
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = chunk.withUnsafeMutableBytes { read(file.descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .last("read", path) }
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            guard bytes.count + count <= limit else { throw SystemError(call: "read", subject: path, code: EFBIG) }
            bytes += chunk[..<count]
        }
    }
}
