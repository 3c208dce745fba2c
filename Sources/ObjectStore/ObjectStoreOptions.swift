/// Sizes that tests choose smaller.
package struct ObjectStoreOptions: Sendable {
    /// Bytes up to which a body goes into a segment rather than a file of its own.
    package var inlineLimit = 64 << 10
    /// Length at which a segment is full.
    package var segmentLength: Int64 = 64 << 20
    /// Pages of the write-ahead log from which on it is copied in the background.
    package var logPagesToCheckpoint = 4_096
    /// Pages of the write-ahead log that the writer does not let it grow beyond, if it can: 64 MiB.
    package var logPagesBound = 16_384
    /// Pages that the database may have, for tests of a full disk.
    package var maximumDatabasePages: Int?
    package var readerThreads = 4
    /// Threads that write and sync what is not small.
    package var fileThreads = 8

    package init() {}
}
