import NIOCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A file descriptor that closes itself when nobody holds it any more, so that a file which is deleted while it is being
/// sent stays readable until its last reader is done.
public final class OpenFile: Sendable {
    public let descriptor: CInt

    /// Takes over `descriptor`.
    public init(descriptor: CInt) { self.descriptor = descriptor }

    /// Opens `path` for reading.
    /// - Throws: ``SystemError``.
    public convenience init(reading path: String) throws(SystemError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError.last("open", path) }
        self.init(descriptor: descriptor)
    }

    deinit { close(descriptor) }

    /// Exactly `count` bytes from `offset` on.
    /// - Throws: ``SystemError``, with `EIO` where the file is shorter.
    public func read(_ count: Int, at offset: Int64) throws(SystemError) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(count)
        var failure: SystemError?
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
            var done = 0
            while done < count {
                let got = pread(
                    descriptor, space.baseAddress?.advanced(by: done), count - done, off_t(offset) + off_t(done))
                if got < 0, errno == EINTR { continue }
                guard got > 0 else {
                    failure = got == 0 ? SystemError(call: "pread", subject: "", code: EIO) : .last("pread", "")
                    break
                }
                done += got
            }
            return done
        }
        if let failure { throw failure }
        return buffer
    }
}

/// A stretch of an open file.
public struct FileSlice: Sendable {
    public let file: OpenFile
    public let offset: Int64
    public let length: Int64

    public init(file: OpenFile, offset: Int64, length: Int64) {
        self.file = file
        self.offset = offset
        self.length = length
    }
}

/// A system call that failed.
public struct SystemError: Error, CustomStringConvertible {
    public let call: String
    /// What it was about, mostly a path.
    public let subject: String
    /// The value of `errno`.
    public let code: CInt

    public init(call: String, subject: String, code: CInt) {
        self.call = call
        self.subject = subject
        self.code = code
    }

    /// The error that `errno` tells now.
    public static func last(_ call: String, _ subject: String) -> SystemError {
        SystemError(call: call, subject: subject, code: errno)
    }

    public var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }

    public var description: String {
        "\(call)\(subject.isEmpty ? "" : " \(subject)"): \(String(cString: strerror(code)))"
    }
}
