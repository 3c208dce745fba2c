import AWSWire
import Ground
import NIOCore

/// A body in `aws-chunked` framing with its checksum behind it, computed while the bytes pass: how S3 takes a checksum
/// of what can be read only once.
package actor TrailingChecksumBody {
    /// Payload bytes of every chunk but the last.
    private static let chunkLength = 64 << 10

    private let reader: SharedReader
    private var hasher: ChecksumHasher
    private let trailerName: String
    private var pending = ByteBuffer()
    private var sourceEnded = false
    private var finished = false

    private init(_ body: ByteStream, _ algorithm: ChecksumAlgorithm) {
        reader = SharedReader(body)
        hasher = ChecksumHasher(algorithm)
        trailerName = algorithm.headerName
    }

    /// `body` framed; its length is known where the body's is.
    package static func framing(_ body: ByteStream, _ algorithm: ChecksumAlgorithm) -> ByteStream {
        let framed = TrailingChecksumBody(body, algorithm)
        return ByteStream(length: body.length.map { encodedLength(of: $0, algorithm) }) { try await framed.next() }
    }

    private static func encodedLength(of length: Int64, _ algorithm: ChecksumAlgorithm) -> Int64 {
        func framed(_ count: Int64) -> Int64 { Int64(String(count, radix: 16).utf8.count) + 2 + count + 2 }
        let (whole, rest) = length.quotientAndRemainder(dividingBy: Int64(chunkLength))
        let valueLength = (algorithm.length + 2) / 3 * 4
        let trailer = "0\r\n".utf8.count + algorithm.headerName.utf8.count + 1 + valueLength + "\r\n\r\n".utf8.count
        return whole * framed(Int64(chunkLength)) + (rest > 0 ? framed(rest) : 0) + Int64(trailer)
    }

    private func next() async throws -> ByteBuffer? {
        guard !finished else { return nil }
        while !sourceEnded, pending.readableBytes < Self.chunkLength {
            guard var chunk = try await reader.next() else {
                sourceEnded = true
                break
            }
            hasher.update(chunk)
            if pending.readableBytes == 0 {
                pending = chunk
            } else {
                // Else what has been read would stay in front for ever.
                pending.discardReadBytes()
                pending.writeBuffer(&chunk)
            }
        }
        var framed = ByteBuffer()
        let count = min(pending.readableBytes, Self.chunkLength)
        if var payload = pending.readSlice(length: count), count > 0 {
            framed.writeString(String(count, radix: 16) + "\r\n")
            framed.writeBuffer(&payload)
            framed.writeStaticString("\r\n")
        }
        if sourceEnded, pending.readableBytes == 0 {
            finished = true
            framed.writeString("0\r\n\(trailerName):\(Base64.encode(hasher.finalize()))\r\n\r\n")
        }
        return framed
    }
}
