import NIOCore
import NIOPosix

/// The bytes of a body on their way from a producer to exactly one consumer.
///
/// A stream is pulled: nothing is read from a socket or a file before the consumer asks for it, so that back-pressure
/// reaches the producer by itself and memory stays flat whatever the length.
public struct ByteStream: Sendable {
    /// Where the bytes come from. The HTTP server sends `files` without copying them through this process.
    public enum Source: Sendable {
        /// All bytes, in memory.
        case buffer(ByteBuffer)
        /// Slices of open files, one after the other.
        case files([FileSlice])
        /// A producer that gives the next chunk, and `nil` once at the end. It throws where the body is cut short,
        /// does not match its signature, or the like; whatever was read until then must not be kept.
        case pull(@Sendable () async throws -> ByteBuffer?)
    }

    public let source: Source
    /// The number of bytes, where it is known beforehand.
    public let length: Int64?
    private let trailerFields: (@Sendable () -> [(name: String, value: String)])?

    public static let empty = ByteStream(ByteBuffer())

    public init(_ buffer: ByteBuffer) {
        source = .buffer(buffer)
        length = Int64(buffer.readableBytes)
        trailerFields = nil
    }

    public init(_ bytes: some Sequence<UInt8>) {
        self.init(ByteBuffer(bytes: bytes))
    }

    public init(_ string: String) {
        self.init(ByteBuffer(string: string))
    }

    public init(files: [FileSlice]) {
        source = .files(files)
        length = files.reduce(0) { $0 + $1.length }
        trailerFields = nil
    }

    /// - Parameters:
    ///   - length: the number of bytes, where known.
    ///   - trailers: the trailer fields that came behind the body; asked for only after `next` has given `nil`.
    ///   - next: the producer, see ``Source/pull(_:)``.
    public init(
        length: Int64?, trailers: (@Sendable () -> [(name: String, value: String)])? = nil,
        next: @escaping @Sendable () async throws -> ByteBuffer?
    ) {
        source = .pull(next)
        self.length = length
        trailerFields = trailers
    }

    /// This stream with its chunks passed through `next`: of the same length, and with the same trailers.
    public func passing(through next: @escaping @Sendable () async throws -> ByteBuffer?) -> ByteStream {
        ByteStream(length: length, trailers: trailerFields, next: next)
    }

    /// The trailer fields behind the body, names lower-cased. Empty before the end has been read.
    public var trailers: [(name: String, value: String)] { trailerFields?() ?? [] }

    /// Whether trailer fields can come at all.
    public var hasTrailers: Bool { trailerFields != nil }

    /// The one reader of this stream.
    public func makeReader() -> Reader { Reader(source) }

    /// All bytes at once.
    /// - Throws: ``TooLong`` where there are more than `limit`, and whatever the producer throws.
    public func collect(upTo limit: Int) async throws -> ByteBuffer {
        if case .buffer(let buffer) = source {
            guard buffer.readableBytes <= limit else { throw TooLong(limit: limit) }
            return buffer
        }
        if let length, length > limit { throw TooLong(limit: limit) }
        var reader = makeReader()
        var collected = ByteBuffer()
        while var chunk = try await reader.next() {
            guard collected.readableBytes + chunk.readableBytes <= limit else { throw TooLong(limit: limit) }
            if collected.readableBytes == 0 { collected = chunk } else { collected.writeBuffer(&chunk) }
        }
        return collected
    }

    /// A body had more bytes than its reader accepts.
    public struct TooLong: Error {
        public let limit: Int
    }

    /// Reads a stream from its beginning to its end.
    public struct Reader: Sendable {
        private var source: Source
        private var fileOffset: Int64 = 0

        fileprivate init(_ source: Source) { self.source = source }

        /// The next chunk, never empty; `nil` at the end.
        public mutating func next() async throws -> ByteBuffer? {
            switch source {
            case .buffer(let buffer):
                source = .buffer(ByteBuffer())
                return buffer.readableBytes > 0 ? buffer : nil
            case .pull(let next):
                while let chunk = try await next() {
                    if chunk.readableBytes > 0 { return chunk }
                }
                return nil
            case .files(let slices):
                guard let slice = slices.first else { return nil }
                let wanted = min(slice.length - fileOffset, 1 << 20)
                guard wanted > 0 else {
                    source = .files(Array(slices.dropFirst()))
                    fileOffset = 0
                    return try await next()
                }
                let offset = slice.offset + fileOffset
                let chunk = try await NIOThreadPool.singleton.runIfActive {
                    try slice.file.read(Int(wanted), at: offset)
                }
                fileOffset += Int64(chunk.readableBytes)
                return chunk
            }
        }
    }
}
