import Crypto
import Ground
import NIOCore
import Synchronization

/// Takes bodies in: reads them to their end, with digests, into memory where they are small and into a blob where not.
struct Ingest: Sendable {
    let files: StoreFiles
    /// For hashing and writing of what is not small.
    let threads: LazyThreadPool
    /// Bytes up to which a body is small.
    let inlineLimit: Int

    /// Bytes that are hashed and written at once, while the next are read.
    private static let step = 1 << 20

    /// A body that is there, and not yet anybody's.
    struct Received: Sendable {
        enum Content: Sendable {
            case none
            case small(ByteBuffer)
            /// Not synced yet.
            case blob(BlobID, OpenFile)
        }
        let body: ReceivedBody
        let content: Content
    }

    /// Reads `body` to its end.
    /// - Throws: what the body throws, as it is; ``ObjectStoreError`` for the store's own failures. Nothing is kept
    ///   then.
    func receive(_ body: ByteStream, checksums: Set<ChecksumAlgorithm>) async throws -> Received {
        var reader = body.makeReader()
        let start = try await Self.gather(&reader, upTo: inlineLimit + 1)
        guard start.count > inlineLimit else {
            var digests = BodyDigests(checksums)
            // Hashed on this thread: less work than to go to another and come back.
            for chunk in start.chunks { digests.update(chunk) }
            let content: Received.Content = start.count == 0 ? .none : .small(start.joined())
            return Received(body: digests.finish(trailers: body.trailers), content: content)
        }
        let threads = threads
        let sink = try await mapped {
            try await threads.run { [files] in try BlobSink(files, checksums, length: body.length) }
        }
        do {
            var next = start
            while next.count > 0 {
                let chunks = next.chunks
                // MD5 takes as long as all the rest together, so it has a thread of its own.
                async let hashed: Void = threads.run { sink.hash(chunks) }
                async let written: Void = threads.run { try sink.write(chunks, flushingOn: threads) }
                // Should this throw, leaving the scope waits for what is being hashed and written.
                next = try await Self.gather(&reader, upTo: Self.step)
                do {
                    try await written
                    try await hashed
                } catch {
                    throw ObjectStoreError(error)
                }
            }
            return Received(body: sink.finish(trailers: body.trailers), content: .blob(sink.id, sink.file))
        } catch {
            await discard(.blob(sink.id, sink.file))
            throw error
        }
    }

    /// Gets a blob's bytes onto the disk; small bodies get there with their row.
    func sync(_ content: Received.Content) async throws {
        guard case .blob(let id, let file) = content else { return }
        let files = files
        try await mapped { try await threads.run { try files.sync(id, file) } }
    }

    /// Nothing became of a body.
    func discard(_ content: Received.Content) async {
        guard case .blob(let id, _) = content else { return }
        let files = files
        // Where the pool is closed already, the next start's sweep does it.
        try? await threads.run { files.discard(id) }
    }

    /// The digests of a file, read from its beginning to its end.
    func digest(_ file: OpenFile, size: Int64, checksums: Set<ChecksumAlgorithm>) async throws -> ReceivedBody {
        try await mapped {
            try await threads.run {
                var digests = BodyDigests(checksums)
                while digests.size < size {
                    digests.update(try file.read(Int(min(size - digests.size, Int64(Self.step))), at: digests.size))
                }
                return digests.finish(trailers: [])
            }
        }
    }

    /// The store's own failures as ``ObjectStoreError``.
    private func mapped<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch {
            throw ObjectStoreError(error)
        }
    }

    private struct Gathered {
        var chunks: [ByteBuffer] = []
        var count = 0

        func joined() -> ByteBuffer {
            guard chunks.count > 1 else { return chunks.first ?? ByteBuffer() }
            var joined = ByteBuffer()
            joined.reserveCapacity(count)
            for chunk in chunks { joined.writeImmutableBuffer(chunk) }
            return joined
        }
    }

    /// Chunks until there are `count` bytes; fewer at the end of the stream only.
    private static func gather(_ reader: inout ByteStream.Reader, upTo count: Int) async throws -> Gathered {
        var gathered = Gathered()
        while gathered.count < count, let chunk = try await reader.next() {
            gathered.chunks.append(chunk)
            gathered.count += chunk.readableBytes
        }
        return gathered
    }
}

/// MD5, and the checksums that are asked for, of bytes that pass.
struct BodyDigests: Sendable {
    private var md5 = Insecure.MD5()
    private var checksums: ChecksumSet
    private(set) var size: Int64 = 0

    init(_ algorithms: Set<ChecksumAlgorithm>) { checksums = ChecksumSet(algorithms) }

    mutating func update(_ buffer: ByteBuffer) {
        buffer.withUnsafeReadableBytes { md5.update(bufferPointer: $0) }
        checksums.update(buffer)
        size += Int64(buffer.readableBytes)
    }

    mutating func finish(trailers: [(name: String, value: String)]) -> ReceivedBody {
        ReceivedBody(size: size, md5: Array(md5.finalize()), checksums: checksums.finish(), trailers: trailers)
    }
}

/// Several checksums of the same bytes.
private struct ChecksumSet: Sendable {
    private var hashers: [ChecksumHasher]

    init(_ algorithms: Set<ChecksumAlgorithm>) { hashers = algorithms.map { ChecksumHasher($0) } }

    mutating func update(_ buffer: ByteBuffer) {
        for index in hashers.indices { hashers[index].update(buffer) }
    }

    mutating func finish() -> [ChecksumAlgorithm: [UInt8]] {
        var values: [ChecksumAlgorithm: [UInt8]] = [:]
        for index in hashers.indices { values[hashers[index].algorithm] = hashers[index].finalize() }
        return values
    }
}

/// A blob that is being written: one call of ``write(_:flushingOn:)`` after the other, and beside them one of
/// ``hash(_:)`` after the other.
private final class BlobSink: Sendable {
    let id: BlobID
    let file: OpenFile
    private let files: StoreFiles
    private let md5 = Mutex(Insecure.MD5())

    private struct State {
        var checksums: ChecksumSet
        var size: Int64 = 0
        var flushedSize: Int64 = 0
        var isFlushing = false
    }
    private let state: Mutex<State>

    /// Bytes that gather in the system's cache before they are written out.
    private static let flushStep: Int64 = 8 << 20

    /// - Parameter length: the body's, where known: a disk that is too small for it says so before the first byte.
    init(_ files: StoreFiles, _ checksums: Set<ChecksumAlgorithm>, length: Int64?) throws {
        self.files = files
        state = Mutex(State(checksums: ChecksumSet(checksums)))
        (id, file) = try files.makeBlob()
        guard let length, length > 0 else { return }
        do {
            try files.layer.allocate(file, from: 0, length: length)
        } catch {
            files.discard(id)
            throw error
        }
    }

    func hash(_ chunks: [ByteBuffer]) {
        md5.withLock { md5 in
            for chunk in chunks { chunk.withUnsafeReadableBytes { md5.update(bufferPointer: $0) } }
        }
    }

    func write(_ chunks: [ByteBuffer], flushingOn threads: LazyThreadPool) throws {
        let startsFlush = try state.withLock { state in
            for chunk in chunks {
                try chunk.withUnsafeReadableBytes { try files.layer.write($0, to: file, at: state.size) }
                state.checksums.update(chunk)
                state.size += Int64(chunk.readableBytes)
            }
            guard state.size - state.flushedSize >= Self.flushStep, !state.isFlushing else { return false }
            state.flushedSize = state.size
            state.isFlushing = true
            return true
        }
        if startsFlush { threads.submit { _ in self.flush() } }
    }

    /// Brings what has been written to the disk while more is coming, so that the sync at the end has little left.
    ///
    /// Through a descriptor of its own: an error is told once to each, and must not be kept from the sync that counts.
    private func flush() {
        if let file = try? files.layer.open(files.path(of: id), creating: false) { try? files.layer.syncData(file) }
        state.withLock { $0.isFlushing = false }
    }

    func finish(trailers: [(name: String, value: String)]) -> ReceivedBody {
        state.withLock { state in
            ReceivedBody(
                size: state.size, md5: md5.withLock { Array($0.finalize()) }, checksums: state.checksums.finish(),
                trailers: trailers)
        }
    }
}
