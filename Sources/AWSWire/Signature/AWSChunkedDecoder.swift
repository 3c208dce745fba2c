import Crypto
import Ground
import NIOCore

/// Takes the framing off an `aws-chunked` body (S3 API Reference, "Signature calculations: transferring a payload in
/// multiple chunks", and "... including trailing headers"):
///
///     size in hex [;chunk-signature=hex] CRLF  bytes CRLF  ...  0 [;chunk-signature=hex] CRLF  [trailers]  CRLF
///
/// Fed with bytes in any pieces; gives decoded bytes, then the end. A signed chunk is handed on whole, once its
/// signature is right.
struct AWSChunkedDecoder {
    enum Step {
        case data(ByteBuffer)
        case needsMore
        case end
    }

    private enum State {
        case header
        case data(remaining: Int64)
        /// A signed chunk that is gathered before its signature is looked at.
        case signedData(size: Int, signature: String)
        case dataEnd
        case trailers
        case ended
    }

    /// Larger signed chunks are refused, since they are held in memory.
    static let maximumSignedChunk = 16 << 20
    private static let maximumHeaderLine = 1024
    private static let maximumTrailers = 16 << 10

    private(set) var trailers: [(name: String, value: String)] = []
    private let decodedLength: Int64
    private let isSigned: Bool
    private let signing: VerifiedBody.ChunkSigning?
    private let hasTrailer: Bool
    private var state = State.header
    private var input = ByteBuffer()
    private var decoded: Int64 = 0
    private var previousSignature: String
    private var trailerBytes = 0

    init(decodedLength: Int64, isSigned: Bool, signing: VerifiedBody.ChunkSigning?, hasTrailer: Bool) {
        self.decodedLength = decodedLength
        self.isSigned = isSigned
        self.signing = signing
        self.hasTrailer = hasTrailer
        previousSignature = signing?.seed ?? ""
    }

    mutating func feed(_ bytes: ByteBuffer) {
        if input.readableBytes == 0 {
            input = bytes
        } else {
            input.discardReadBytes()
            input.writeImmutableBuffer(bytes)
        }
    }

    /// - Throws: ``AWSError`` or ``SignatureError``: the body must not be kept.
    mutating func next() throws -> Step {
        while true {
            switch state {
            case .header:
                guard let line = try line(limit: Self.maximumHeaderLine) else { return .needsMore }
                try begin(header: line)
            case .data(let remaining):
                guard input.readableBytes > 0 else { return .needsMore }
                let count = Int(min(remaining, Int64(input.readableBytes)))
                guard let chunk = input.readSlice(length: count) else { return .needsMore }
                state = remaining == Int64(count) ? .dataEnd : .data(remaining: remaining - Int64(count))
                return .data(chunk)
            case .signedData(let size, let signature):
                guard input.readableBytes >= size, let chunk = input.readSlice(length: size) else { return .needsMore }
                try verify(chunk, signature)
                state = size == 0 ? .trailers : .dataEnd
                if size > 0 { return .data(chunk) }
            case .dataEnd:
                guard input.readableBytes >= 2 else { return .needsMore }
                guard input.readInteger(as: UInt16.self) == 0x0D0A else { throw Self.malformed() }
                state = .header
            case .trailers:
                guard let line = try line(limit: Self.maximumTrailers) else { return .needsMore }
                trailerBytes += line.utf8.count
                guard trailerBytes <= Self.maximumTrailers else { throw Self.malformed() }
                if line.isEmpty { try finish() } else { try add(trailer: line) }
            case .ended:
                guard input.readableBytes == 0 else { throw Self.malformed() }
                return .end
            }
        }
    }

    /// The bytes end here. Some clients leave out the empty line behind the last chunk.
    /// - Throws: where something is missing.
    mutating func inputEnded() throws {
        guard case .trailers = state, input.readableBytes == 0 else { throw Self.incomplete() }
        try finish()
    }

    private mutating func begin(header: String) throws {
        let parts = header.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
        guard let size = Self.size(parts[0]) else { throw Self.malformed() }
        guard size <= decodedLength - decoded else { throw Self.incomplete() }
        decoded += size
        guard isSigned else {
            state = size == 0 ? .trailers : .data(remaining: size)
            return
        }
        guard parts.count == 2, parts[1].hasPrefix("chunk-signature=") else { throw Self.malformed() }
        guard size <= Self.maximumSignedChunk else {
            throw AWSError(
                "InvalidRequest", "A signed chunk may have at most \(Self.maximumSignedChunk) bytes.")
        }
        state = .signedData(size: Int(size), signature: String(parts[1].dropFirst("chunk-signature=".count)))
    }

    private static func size(_ text: Substring) -> Int64? {
        guard (1...16).contains(text.utf8.count), text.utf8.allSatisfy({ Self.isHexDigit($0) }) else { return nil }
        return Int64(text, radix: 16)
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte)
    }

    private mutating func verify(_ chunk: ByteBuffer, _ signature: String) throws {
        defer { previousSignature = signature }
        guard let signing else { return }
        let text =
            "AWS4-HMAC-SHA256-PAYLOAD\n\(signing.timestamp)\n\(signing.scope.text)\n\(previousSignature)\n"
            + "\(PayloadHash.empty)\n\(PayloadHash.sha256(of: chunk))"
        guard signing.key.isSignature(signature, of: text) else { throw mismatch(signature, text) }
    }

    private mutating func add(trailer line: String) throws {
        guard hasTrailer, let colon = line.firstIndex(of: ":") else { throw Self.malformed() }
        let name = line[..<colon].lowercased()
        var value = line[line.index(after: colon)...].drop { $0 == " " }
        while value.last == " " { value.removeLast() }
        guard !name.isEmpty else { throw Self.malformed() }
        trailers.append((name, String(value)))
    }

    private mutating func finish() throws {
        guard decoded == decodedLength else { throw Self.incomplete() }
        state = .ended
        guard isSigned, hasTrailer else { return }
        let signature = trailers.first { $0.name == "x-amz-trailer-signature" }?.value ?? ""
        trailers.removeAll { $0.name == "x-amz-trailer-signature" }
        guard let signing else { return }
        let canonical = trailers.map { "\($0.name):\($0.value)\n" }.joined()
        let hash = Hex.encode(SHA256.hash(data: Array(canonical.utf8)))
        let text =
            "AWS4-HMAC-SHA256-TRAILER\n\(signing.timestamp)\n\(signing.scope.text)\n\(previousSignature)\n\(hash)"
        guard signing.key.isSignature(signature, of: text) else { throw mismatch(signature, text) }
    }

    /// The next line without its end; `nil` where its end is not there yet.
    private mutating func line(limit: Int) throws -> String? {
        let view = input.readableBytesView
        guard let end = view.prefix(limit + 1).firstIndex(of: UInt8(ascii: "\n")) else {
            guard view.count <= limit else { throw Self.malformed() }
            return nil
        }
        let length = view.distance(from: view.startIndex, to: end)
        guard var line = input.readString(length: length) else { return nil }
        input.moveReaderIndex(forwardBy: 1)
        guard line.utf8.last == UInt8(ascii: "\r") else { throw Self.malformed() }
        line = String(line.utf8.dropLast()) ?? ""
        return line
    }

    private func mismatch(_ signature: String, _ stringToSign: String) -> SignatureError {
        .mismatch(
            accessKeyID: signing?.accessKeyID ?? "", signature: signature, stringToSign: stringToSign,
            canonicalRequest: "")
    }

    static func incomplete() -> AWSError {
        AWSError(
            "IncompleteBody",
            "You did not provide the number of bytes specified by the x-amz-decoded-content-length header")
    }

    static func malformed() -> AWSError {
        AWSError("InvalidRequest", "The aws-chunked framing of the body is malformed.")
    }
}
