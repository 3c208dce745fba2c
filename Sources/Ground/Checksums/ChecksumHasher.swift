import Crypto
import NIOCore

/// Computes one of S3's checksums while bytes pass.
public struct ChecksumHasher: Sendable {
    private enum State {
        /// The registers of CRCs, not yet complemented.
        case crc32(UInt32)
        case crc32c(UInt32)
        case crc64nvme(UInt64)
        case sha1(Insecure.SHA1)
        case sha256(SHA256)
    }

    private var state: State
    public let algorithm: ChecksumAlgorithm

    public init(_ algorithm: ChecksumAlgorithm) {
        self.algorithm = algorithm
        state = Self.start(algorithm)
    }

    private static func start(_ algorithm: ChecksumAlgorithm) -> State {
        switch algorithm {
        case .crc32: .crc32(.max)
        case .crc32c: .crc32c(.max)
        case .crc64nvme: .crc64nvme(.max)
        case .sha1: .sha1(Insecure.SHA1())
        case .sha256: .sha256(SHA256())
        }
    }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch state {
        case .crc32(let register): state = .crc32(CRCTables.crc32.update(register, bytes))
        case .crc32c(let register): state = .crc32c(CRCTables.crc32c.update(register, bytes))
        case .crc64nvme(let register): state = .crc64nvme(CRCTables.crc64nvme.update(register, bytes))
        case .sha1(var hash):
            // The hash is copied on write: the state must let go of it first.
            state = .crc32(0)
            hash.update(bufferPointer: bytes)
            state = .sha1(hash)
        case .sha256(var hash):
            state = .crc32(0)
            hash.update(bufferPointer: bytes)
            state = .sha256(hash)
        }
    }

    /// Takes the readable bytes of `buffer`, which stays as it is.
    public mutating func update(_ buffer: ByteBuffer) {
        buffer.withUnsafeReadableBytes { update($0) }
    }

    /// The checksum of all bytes so far, big-endian as S3 sends it before base64; ``ChecksumAlgorithm/length`` bytes.
    /// The hasher starts anew afterwards.
    public mutating func finalize() -> [UInt8] {
        defer { state = Self.start(algorithm) }
        switch state {
        case .crc32(let register), .crc32c(let register): return (~register).bigEndianBytes
        case .crc64nvme(let register): return (~register).bigEndianBytes
        case .sha1(let hash): return Array(hash.finalize())
        case .sha256(let hash): return Array(hash.finalize())
        }
    }

    /// The checksum of bytes that are all there.
    public static func checksum(_ algorithm: ChecksumAlgorithm, of buffer: ByteBuffer) -> [UInt8] {
        var hasher = ChecksumHasher(algorithm)
        hasher.update(buffer)
        return hasher.finalize()
    }
}
