import Ground
import Synchronization

/// The one thread that writes: it takes all that is queued, appends the small bodies, changes the rows in one
/// transaction, and answers when both are on the disk. What arrives meanwhile is the next batch, so that the number of
/// syncs follows the disk and not the number of requests.
final class Writer: Sendable {
    private struct Queue {
        var writes: [PendingWrite] = []
        var isDraining = false
        var isClosed = false

        mutating func takeBatch() -> [PendingWrite] {
            var bytes = 0
            let count = writes.prefix(WriterCore.batchLimit).prefix { write in
                defer { bytes += write.byteCount }
                return bytes < WriterCore.batchBytesLimit
            }.count
            if count == writes.count {
                defer { writes = [] }
                return writes
            }
            defer { writes.removeFirst(count) }
            return Array(writes.prefix(count))
        }
    }
    private let queue = Mutex(Queue())
    private let core: Mutex<WriterCore>
    private let thread = LazyThreadPool(threads: 1)

    init(core: sending WriterCore) { self.core = Mutex(core) }

    /// Queues a change and waits until it is on the disk.
    func write<Value: Sendable>(
        bodies: [SmallBody] = [],
        _ change: @escaping @Sendable (WriteTransaction, [AppendedBody]) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
            enqueue(bodies: bodies, change) { continuation.resume(with: $0) }
        }
    }

    /// Queues a change; `done` is called on the writer's thread.
    func enqueue<Value: Sendable>(
        bodies: [SmallBody] = [],
        _ change: @escaping @Sendable (WriteTransaction, [AppendedBody]) throws -> Value,
        done: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        let write = PendingWrite(
            bodies: bodies,
            apply: { transaction, appended in
                let value = try change(transaction, appended)
                return { done(.success(value)) }
            },
            fail: { done(.failure($0)) })
        let (isClosed, startsDraining) = queue.withLock { queue in
            guard !queue.isClosed else { return (true, false) }
            queue.writes.append(write)
            defer { queue.isDraining = true }
            return (false, !queue.isDraining)
        }
        if isClosed { return write.fail(ObjectStoreError.closed) }
        if startsDraining { thread.submit { isOpen in self.drain(isOpen) } }
    }

    /// Ends when nothing is queued; the next `enqueue` starts it again.
    private func drain(_ isOpen: Bool) {
        while true {
            let batch = queue.withLock { queue in
                if queue.writes.isEmpty { queue.isDraining = false }
                return queue.takeBatch()
            }
            if batch.isEmpty { return }
            if isOpen {
                core.withLock { $0.process(batch) }
            } else {
                for write in batch { write.fail(ObjectStoreError.closed) }
            }
        }
    }

    var statistics: ObjectStore.Statistics { core.withLock { $0.statistics } }

    /// Takes nothing new, ends what is queued, and closes the database.
    func close() async {
        queue.withLock { $0.isClosed = true }
        await withCheckedContinuation { done in
            thread.submit { isOpen in
                self.drain(isOpen)
                self.core.withLock { $0.close() }
                done.resume()
            }
        }
        await thread.close()
        let syncer = core.withLock { $0.syncer }
        await syncer.close()
    }
}
