import Ground
import Synchronization

/// A connection for reading, with what is looked up through it.
final class ReadSession {
    let database: SQLiteConnection
    let versions: VersionQueries
    let buckets: BucketQueries
    let uploads: UploadQueries

    init(path: String) throws {
        database = try SQLiteConnection(path: path, cacheKiB: 2048)
        do {
            // Readers never write, and say so.
            try database.execute("PRAGMA query_only = 1")
        } catch {
            database.close()
            throw error
        }
        versions = VersionQueries(database: database)
        buckets = BucketQueries(database: database)
        uploads = UploadQueries(database: database)
    }
}

/// Threads that read, each with whatever connection is free: reads wait neither for the writer nor for one another.
final class ReaderPool: Sendable {
    /// A session behind a lock that nobody ever waits for: who has taken it off the idle list uses it alone.
    private final class Seat: Sendable {
        let session: Mutex<ReadSession>
        init(path: String) throws { session = Mutex(try ReadSession(path: path)) }
    }

    private let threads: LazyThreadPool
    private let path: String
    private let idle = Mutex<[Seat]>([])

    init(path: String, threads count: Int) {
        self.path = path
        threads = LazyThreadPool(threads: count)
    }

    /// Runs `body` with a session on a thread of the pool.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (ReadSession) throws -> Value
    ) async throws -> Value {
        try await threads.run { try self.readHere(body) }
    }

    /// Runs `body` with a session on this thread, which is one for blocking work.
    func readHere<Value: Sendable>(_ body: @Sendable (ReadSession) throws -> Value) throws -> Value {
        let seat = try idle.withLock { $0.popLast() } ?? Seat(path: path)
        defer { idle.withLock { $0.append(seat) } }
        return try seat.session.withLock { session in try body(session) }
    }

    func close() async {
        await threads.close()
        idle.withLock { $0.removeAll() }
    }
}
