import NIOCore
import Synchronization

/// The reader of a stream, held by a closure that hands its chunks on. One consumer at a time, as of any stream.
package final class SharedReader: Sendable {
    private let reader: Mutex<ByteStream.Reader>

    package init(_ stream: ByteStream) { reader = Mutex(stream.makeReader()) }

    package func next() async throws -> ByteBuffer? {
        var current = reader.withLock { $0 }
        let chunk = try await current.next()
        let moved = current
        reader.withLock { $0 = moved }
        return chunk
    }
}
