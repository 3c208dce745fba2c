import Dispatch
import Ground

/// What the writer's thread works on.
struct WriterCore {
    /// Writes and bytes of one transaction at most: enough for the syncs to cost nothing, few enough for nobody to wait
    /// long.
    static let batchLimit = 512
    static let batchBytesLimit = 8 << 20
    /// From this many rows on, the segment is synced on a second thread while they are changed.
    private static let overlapThreshold = 4
    /// Sequence numbers are set aside in blocks, so that not each transaction must write how far they are.
    private static let sequenceBlock: Int64 = 1 << 20

    private let database: SQLiteConnection
    private let transaction: WriteTransaction
    private let files: StoreFiles
    private let options: ObjectStoreOptions
    private let buckets: BucketCache
    private let maintenance: Maintenance
    let syncer = LazyThreadPool(threads: 1)
    private var log: SegmentLog
    private var segments: SegmentTable
    private var sequences: SequenceCounter
    private var isLoaded = false
    /// Pages of the log when it was last given to be copied.
    private var checkpointedPages = 0
    private var commits = 0
    private var writes = 0

    init(
        database: SQLiteConnection, files: StoreFiles, clock: CloudClock, options: ObjectStoreOptions,
        buckets: BucketCache, maintenance: Maintenance
    ) {
        self.database = database
        self.files = files
        self.options = options
        self.buckets = buckets
        self.maintenance = maintenance
        sequences = SequenceCounter()
        transaction = WriteTransaction(database: database, clock: clock, sequences: sequences)
        log = SegmentLog(files: files, segmentLength: options.segmentLength)
        segments = SegmentTable()
    }

    /// A write of the batch, with how far it has come.
    private struct Slot {
        let write: PendingWrite
        var appended: [AppendedBody] = []
        var outcome: Result<PendingWrite.Answer, any Error>?
    }

    mutating func process(_ batch: [PendingWrite]) {
        var slots = batch.map { Slot(write: $0) }
        do {
            try load()
        } catch {
            for slot in slots { slot.write.fail(error) }
            return
        }
        append(&slots)
        commit(&slots)
        writes += batch.count
        // The answers come last: what a caller does next finds everything in its place.
        for slot in slots {
            switch slot.outcome {
            case .success(let answer): answer()
            case .failure(let error): slot.write.fail(error)
            case nil: slot.write.fail(ObjectStoreError.failed("a write was lost"))
            }
        }
        keepHouse()
    }

    /// Reads what is kept between two runs; with the first write, for a server that is only read needs none of it.
    private mutating func load() throws {
        guard !isLoaded else { return }
        sequences.resume(at: try database.number("SELECT value FROM counters WHERE name = 'sequence'"))
        segments = try SegmentTable(database)
        if let last = segments.newest(below: options.segmentLength) {
            // A segment that is lost is no reason to take no more writes: a new one is begun.
            try? log.resume(id: last.id, tail: last.size)
        }
        isLoaded = true
    }

    // MARK: Bodies

    private mutating func append(_ slots: inout [Slot]) {
        let bodies = slots.flatMap(\.write.bodies)
        guard !bodies.isEmpty else { return }
        do {
            let sequences = sequences
            var appended = try log.append(bodies) { sequences.next() }[...]
            for index in slots.indices where !slots[index].write.bodies.isEmpty {
                slots[index].appended = Array(appended.prefix(slots[index].write.bodies.count))
                appended = appended.dropFirst(slots[index].write.bodies.count)
            }
        } catch {
            // Those that brought no body may go on: a full disk must not stop deletions.
            failBodies(&slots, error)
        }
    }

    private func failBodies(_ slots: inout [Slot], _ error: any Error) {
        for index in slots.indices where !slots[index].write.bodies.isEmpty { slots[index].outcome = .failure(error) }
    }

    // MARK: Rows

    /// Runs the slots that have no outcome yet, in one transaction; should that fail as a whole, each in its own.
    ///
    /// This takes the place of a savepoint for each write: writes refuse before they change anything, so a failure that
    /// leaves changes behind is the database's or the disk's own, and rare.
    private mutating func commit(_ slots: inout [Slot]) {
        let open = slots.indices.filter { slots[$0].outcome == nil }
        guard !open.isEmpty else { return }
        do {
            try runTransaction(&slots, open)
            return
        } catch let failure as SegmentFailure {
            // None of the bodies is sure to be on the disk.
            log.abandonCurrent()
            failBodies(&slots, failure.cause)
        } catch {
            if open.count == 1 { slots[open[0]].outcome = .failure(error) }
        }
        for index in open {
            if case .failure = slots[index].outcome { continue }
            do {
                try runTransaction(&slots, [index])
            } catch {
                slots[index].outcome = .failure((error as? SegmentFailure)?.cause ?? error)
            }
        }
    }

    private mutating func runTransaction(_ slots: inout [Slot], _ chosen: [Int]) throws {
        let segmentSync = startSync(rows: chosen.count)
        do {
            try database.begin()
            transaction.effects = WriteEffects()
            for index in chosen { slots[index].outcome = try apply(slots[index]) }
            let changed = segments.applying(transaction.effects, current: log.currentID, tail: log.tail)
            try changed.write(to: database)
            if let bound = sequences.boundToWrite(block: Self.sequenceBlock) {
                try database.statement("UPDATE counters SET value = ?1 WHERE name = 'sequence'").bind(1, bound).run()
            }
            try segmentSync.wait()
            log.markSynced()
            try database.commit()
            publish(transaction.effects, changed)
        } catch {
            database.rollback()
            for index in chosen { slots[index].outcome = nil }
            // On no path may the second thread still be at it when this returns.
            try segmentSync.wait()
            throw error
        }
    }

    /// Runs one write within the transaction.
    /// - Returns: its answer or its refusal.
    /// - Throws: where it failed with changes made.
    private func apply(_ slot: Slot) throws -> Result<PendingWrite.Answer, any Error> {
        let changes = database.totalChanges
        let effects = transaction.effects
        do {
            return .success(try slot.write.apply(transaction, slot.appended))
        } catch {
            guard database.totalChanges == changes, !(error is SQLiteError) else { throw error }
            transaction.effects = effects
            return .failure(error)
        }
    }

    private mutating func publish(_ effects: WriteEffects, _ changed: SegmentTable.Change) {
        sequences.boundIsWritten()
        commits += 1
        segments.publish(changed)
        buckets.publish(effects)
        transaction.publish()
        if let id = log.takeUncommitted(in: changed.updated.keys) { files.keepSegment(id) }
        if effects.isReset {
            log.abandonCurrent()
            segments = SegmentTable()
            files.closeSegments()
            maintenance.sweep()
        }
        maintenance.remove(blobs: effects.freedBlobs, segments: changed.dropped)
    }

    // MARK: Syncing

    /// Syncing the segment failed, as opposed to the database.
    private struct SegmentFailure: Error {
        let cause: any Error
    }

    /// A sync of the segment under way, or the lack of a need for one.
    private final class SegmentSync: @unchecked Sendable {  // The semaphore orders the one write before the one read.
        private var failure: (any Error)?
        private var isPending: Bool
        private let done = DispatchSemaphore(value: 0)

        init(isPending: Bool) { self.isPending = isPending }

        func finish(_ failure: (any Error)?) {
            self.failure = failure
            done.signal()
        }

        func wait() throws {
            if isPending {
                done.wait()
                isPending = false
            }
            if let failure { throw SegmentFailure(cause: failure) }
        }
    }

    private func startSync(rows: Int) -> SegmentSync {
        guard let file = log.unsynced else { return SegmentSync(isPending: false) }
        let sync = SegmentSync(isPending: true)
        let layer = files.layer
        let work: @Sendable () -> Void = {
            do {
                try layer.syncData(file)
                sync.finish(nil)
            } catch {
                sync.finish(error)
            }
        }
        if rows >= Self.overlapThreshold { syncer.submit { _ in work() } } else { work() }
        return sync
    }

    // MARK: Housekeeping

    private mutating func keepHouse() {
        if database.logPages >= options.logPagesBound {
            // Nobody has caught up with the log: it is copied here, so that it does not grow without end. Readers that
            // still need it are no reason to stop; the next batch tries again.
            _ = try? database.checkpoint(.restart)
        }
        // A log that has been copied whole begins anew by itself, and the count with it.
        if database.logPages < checkpointedPages { checkpointedPages = 0 }
        if database.logPages - checkpointedPages >= options.logPagesToCheckpoint {
            checkpointedPages = database.logPages
            maintenance.checkpoint()
        }
        for id in segments.takeSparse(current: log.currentID) { maintenance.compact(segment: id) }
    }

    var statistics: ObjectStore.Statistics {
        ObjectStore.Statistics(
            writes: writes, commits: commits, segments: segments.count, segmentBytes: segments.totalSize,
            liveSegmentBytes: segments.totalLive, logPages: database.logPages)
    }

    mutating func close() {
        // What can't be copied now is copied at the next start.
        _ = try? database.checkpoint(.truncate)
        log.abandonCurrent()
        database.close()
    }
}

/// Gives the numbers that order versions; never the same twice, not even after a crash.
final class SequenceCounter {
    private var upcoming: Int64 = 0
    /// What the database says, and what it will say when the transaction is committed: all numbers below may be in use.
    private var writtenBound: Int64 = 0
    private var pendingBound: Int64?

    func resume(at bound: Int64) {
        upcoming = bound
        writtenBound = bound
    }

    func next() -> Int64 {
        defer { upcoming += 1 }
        return upcoming
    }

    /// The bound that the transaction must write because numbers beyond the last one were given.
    func boundToWrite(block: Int64) -> Int64? {
        pendingBound = upcoming > writtenBound ? upcoming + block : nil
        return pendingBound
    }

    func boundIsWritten() {
        if let pendingBound { writtenBound = pendingBound }
        pendingBound = nil
    }
}
