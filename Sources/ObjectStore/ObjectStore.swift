import Ground
import Synchronization

/// A durable store of versioned objects in buckets.
///
/// Rows of metadata lie in a SQLite database; bodies lie in files beside it: small ones in segments, which many share,
/// others in a blob each. One thread writes, and commits what has gathered in one go; any number read. What has been
/// acknowledged is on the disk. Keys are 1...1024 bytes of UTF-8, which the caller sees to; they never become file
/// names.
///
/// All methods may be called from anywhere at any time; none blocks the thread that calls it. They throw
/// ``ObjectStoreError`` unless said otherwise, and `closed` after ``close()``.
public final class ObjectStore: Sendable {
    let files: StoreFiles
    let readers: ReaderPool
    let writer: Writer
    let bucketCache = BucketCache()
    let ingest: Ingest
    let content: ContentReader
    private let maintenance: Maintenance
    private let fileThreads: LazyThreadPool

    /// Opens the store in `directory`, which is made where it is not there (its parent must be). The caller sees to it
    /// that no other process has it open.
    ///
    /// Blocks for a few milliseconds.
    /// - Parameter clock: gives the times of versions and uploads.
    /// - Throws: ``ObjectStoreError``: `unreadable` where the database is damaged, `failed` where it is of a later
    ///   version of this program, or in other cases in which it can't be opened.
    public convenience init(directory: String, clock: CloudClock) throws(ObjectStoreError) {
        try self.init(directory: directory, clock: clock, fileLayer: SystemFileLayer(), options: ObjectStoreOptions())
    }

    /// As ``init(directory:clock:)``, with what tests put in the place of the file system and of the usual sizes.
    package init(
        directory: String, clock: CloudClock, fileLayer: any FileLayer = SystemFileLayer(),
        options: ObjectStoreOptions = ObjectStoreOptions()
    ) throws(ObjectStoreError) {
        files = StoreFiles(directory: directory, layer: fileLayer)
        readers = ReaderPool(path: files.databasePath, threads: options.readerThreads)
        maintenance = Maintenance(files: files, readers: readers)
        fileThreads = LazyThreadPool(threads: options.fileThreads)
        ingest = Ingest(files: files, threads: fileThreads, inlineLimit: options.inlineLimit)
        content = ContentReader(files: files)
        let hasFiles: Bool
        do {
            try files.prepare(makeDatabase: Schema.create)
            let database = try Schema.open(files.databasePath, maximumPages: options.maximumDatabasePages)
            writer = Writer(
                core: WriterCore(
                    database: database, files: files, clock: clock, options: options, buckets: bucketCache,
                    maintenance: maintenance))
            hasFiles =
                try !fileLayer.names(in: files.blobsPath).isEmpty || !fileLayer.names(in: files.segmentsPath).isEmpty
        } catch {
            throw ObjectStoreError(error)
        }
        maintenance.attach(writer)
        if hasFiles { maintenance.sweep() }
    }

    /// Ends what has been begun and closes all files. What is called afterwards throws `closed`.
    public func close() async {
        await maintenance.close()
        await writer.close()
        await fileThreads.close()
        await readers.close()
        files.closeSegments()
    }

    /// Removes all buckets with all that is in them; for servers that are reset between tests.
    ///
    /// Gone when it returns; the files' room is given back a little later.
    public func removeEverything() async throws(ObjectStoreError) {
        try await write { transaction, _ in try transaction.removeEverything() }
    }

    /// What the store has done and takes up.
    public struct Statistics: Sendable {
        /// Writes that were asked for since the start.
        public let writes: Int
        /// Transactions that they took.
        public let commits: Int
        /// Segment files, known after the first write.
        public let segments: Int
        /// Bytes of their records, and of the records that are in use.
        public let segmentBytes: Int64
        public let liveSegmentBytes: Int64
        /// Pages of the database's write-ahead log.
        public let logPages: Int
    }

    /// May wait for the batch that is being written.
    package var statistics: Statistics {
        get async throws(ObjectStoreError) {
            let writer = writer
            return try await read { _ in writer.statistics }
        }
    }

    /// Waits until removals, sweeps and compactions that were begun are done.
    package func settle() async { await maintenance.settle() }

    // MARK: For the parts of this class

    func write<Value: Sendable>(
        bodies: [SmallBody] = [],
        _ change: @escaping @Sendable (WriteTransaction, [AppendedBody]) throws -> Value
    ) async throws(ObjectStoreError) -> Value {
        do {
            return try await writer.write(bodies: bodies, change)
        } catch {
            throw ObjectStoreError(error)
        }
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (ReadSession) throws -> Value
    ) async throws(ObjectStoreError) -> Value {
        do {
            return try await readers.read(body)
        } catch {
            throw ObjectStoreError(error)
        }
    }
}
