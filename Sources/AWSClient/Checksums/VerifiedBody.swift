import AWSWire
import Ground
import NIOCore
import NIOHTTP1

/// What S3 sent is not what it keeps the checksum of.
public struct ChecksumMismatch: Error, Sendable, CustomStringConvertible {
    public let algorithm: ChecksumAlgorithm
    /// As the answer's header has it.
    public let expected: String
    public let computed: String

    public var description: String {
        "the body's \(algorithm.rawValue) is \(computed), the answer's header says \(expected)"
    }
}

/// An answer's body that is compared with its checksum while it is read; what does not match throws at its end.
actor VerifiedBody {
    /// The cheapest first.
    private static let preference: [ChecksumAlgorithm] = [.crc32c, .crc32, .crc64nvme, .sha1, .sha256]

    private let reader: SharedReader
    private var hasher: ChecksumHasher
    private let expected: String
    private var finished = false

    private init(_ body: ByteStream, _ algorithm: ChecksumAlgorithm, expected: String) {
        reader = SharedReader(body)
        hasher = ChecksumHasher(algorithm)
        self.expected = expected
    }

    /// `body`, verified where the headers have a checksum of all of it: not one of parts (`value-N`), and not of a
    /// range's whole object.
    static func verifying(_ body: ByteStream, status: Int, _ headers: HTTPHeaders) -> ByteStream {
        guard status == 200 else { return body }
        for algorithm in preference {
            guard let value = headers.first(name: algorithm.headerName), !value.contains("-") else { continue }
            let verified = VerifiedBody(body, algorithm, expected: value)
            return ByteStream(length: body.length) { try await verified.next() }
        }
        return body
    }

    private func next() async throws -> ByteBuffer? {
        guard !finished else { return nil }
        if let chunk = try await reader.next() {
            hasher.update(chunk)
            return chunk
        }
        finished = true
        let computed = Base64.encode(hasher.finalize())
        guard computed == expected else {
            throw ChecksumMismatch(algorithm: hasher.algorithm, expected: expected, computed: computed)
        }
        return nil
    }
}
