import Dispatch
import Ground
import NIOCore
import Synchronization

/// What is done behind the requests' backs, on one thread: checkpoints, removal of files, the sweep, compaction.
final class Maintenance: Sendable {
    private let files: StoreFiles
    private let readers: ReaderPool
    private let thread = LazyThreadPool(threads: 1)
    /// For checkpoints; behind a lock that nobody waits for, as only this thread uses it.
    private let connection = Mutex<SQLiteConnection?>(nil)

    private struct State {
        var writer: Writer?
        var isClosing = false
        var isCheckpointQueued = false
    }
    private let state = Mutex(State())

    init(files: StoreFiles, readers: ReaderPool) {
        self.files = files
        self.readers = readers
    }

    /// The writer is made after this, and held until ``close()``.
    func attach(_ writer: Writer) { state.withLock { $0.writer = writer } }

    private var isClosing: Bool { state.withLock { $0.isClosing } }

    private func submit(_ work: @escaping @Sendable () -> Void) {
        guard !isClosing else { return }
        thread.submit { isOpen in
            if isOpen { work() }
        }
    }

    /// Ends what runs, which looks at the next step whether it should. What waits is left to the next start.
    func close() async {
        state.withLock { $0.isClosing = true }
        await thread.close()
        state.withLock { $0.writer = nil }
        connection.withLock { connection in
            connection?.close()
            connection = nil
        }
    }

    // MARK: The write-ahead log

    /// Copies the log into the database while the writer goes on.
    func checkpoint() {
        let isQueued = state.withLock { state in
            defer { state.isCheckpointQueued = true }
            return state.isCheckpointQueued
        }
        guard !isQueued else { return }
        submit {
            // A checkpoint that fails is tried again with the next commits; the log has all of it meanwhile.
            self.connection.withLock { connection in
                if connection == nil {
                    connection = try? SQLiteConnection(path: self.files.databasePath, cacheKiB: 64)
                }
                _ = try? connection?.checkpoint(.passive)
            }
            self.state.withLock { $0.isCheckpointQueued = false }
        }
    }

    // MARK: Files that nobody needs

    /// Removes files that no row names any more. What is not reached is found by the next sweep.
    func remove(blobs: [BlobID], segments: [Int64]) {
        guard !blobs.isEmpty || !segments.isEmpty else { return }
        submit {
            for id in segments { self.files.dropSegment(id) }
            for id in blobs { self.files.discard(id) }
        }
    }

    /// Removes files that no row names: what a crash left between a file's writing and its commit, or between a
    /// deletion's commit and the file's removal.
    func sweep() {
        submit { self.sweepNow() }
    }

    /// As ``sweep()``, on this thread, which is one for blocking work.
    ///
    /// A new file is entered as uncommitted before it is made, and struck off after its row is committed. So a file
    /// that was seen in its directory and is not uncommitted afterwards has a row by then, or is garbage.
    func sweepNow() {
        for directory in names(in: files.blobsPath) {
            for name in names(in: files.blobsPath + "/" + directory) {
                guard !isClosing else { return }
                guard let id = BlobID(text: name), !files.isUncommitted(name) else { continue }
                let isNamed = try? readers.readHere { session in
                    try session.database.statement("SELECT 1 FROM blobs WHERE id = ?1").bind(1, id.bytes).hasRow()
                }
                if isNamed == false { files.discard(id) }
            }
        }
        for name in names(in: files.segmentsPath) {
            guard !isClosing else { return }
            guard let id = Int64(name, radix: 16), StoreFiles.segmentName(id) == name, !files.isUncommitted(name) else {
                continue
            }
            let isNamed = try? readers.readHere { session in
                try session.database.statement("SELECT 1 FROM segments WHERE id = ?1").bind(1, id).hasRow()
            }
            if isNamed == false { files.dropSegment(id) }
        }
    }

    /// A directory that can't be read is no reason to stop serving.
    private func names(in path: String) -> [String] { (try? files.layer.names(in: path)) ?? [] }

    // MARK: Compaction

    /// Moves what is alive in a full segment to the current one, so that the segment can go.
    func compact(segment id: Int64) {
        guard let writer = state.withLock({ $0.writer }) else { return }
        submit {
            // A segment that is damaged stays as it is: its sound records can still be read where they are.
            try? Compaction(segment: id, files: self.files, readers: self.readers, writer: writer)
                .run { self.isClosing }
        }
    }

    /// Waits until all that was begun before is done.
    func settle() async {
        await withCheckedContinuation { done in
            thread.submit { _ in done.resume() }
        }
    }
}

/// The compaction of one segment.
private struct Compaction {
    let segment: Int64
    let files: StoreFiles
    let readers: ReaderPool
    let writer: Writer

    private struct Record {
        let owner: SegmentRecord.Owner
        let body: ByteBuffer
        let piece: Piece
        let length: Int64
    }

    /// Bytes that are read and moved at once.
    private static let step = 1 << 20

    func run(isClosing: () -> Bool) throws {
        let segment = segment
        let size = try readers.readHere { session in
            try session.database.statement("SELECT size FROM segments WHERE id = ?1").bind(1, segment)
                .first { $0.int64(0) }
        }
        guard let size else { return }
        let file = try files.segment(segment)
        var offset: Int64 = 0
        while offset < size {
            guard !isClosing() else { return }
            let records = try read(file, from: offset, upTo: size)
            guard let last = records.last, case .segment(_, let lastOffset) = last.piece else { return }
            offset = lastOffset + last.length
            try move(try records.filter(isAlive))
        }
        // The last deltas drop the segment by themselves; where all of it was dead before, this does.
        try write { transaction, _ in transaction.effects.liveBytes[segment, default: 0] += 0 }
    }

    private func read(_ file: OpenFile, from start: Int64, upTo end: Int64) throws -> [Record] {
        var buffer = try file.read(Int(min(end - start, Int64(Self.step))), at: start)
        if let length = SegmentRecord.length(in: buffer), length > buffer.readableBytes, start + Int64(length) <= end {
            buffer = try file.read(length, at: start)
        }
        var records: [Record] = []
        var offset = start
        while let (owner, body) = SegmentRecord.read(from: &buffer) {
            let length = Int64(SegmentRecord.length(keyLength: owner.key.count, bodyLength: body.readableBytes))
            records.append(
                Record(owner: owner, body: body, piece: .segment(id: segment, offset: offset), length: length))
            offset += length
        }
        return records
    }

    /// Whether the record's row points to it. Looked at again when it is moved; this only spares dead ones the copying.
    private func isAlive(_ record: Record) throws -> Bool {
        let (owner, piece) = (record.owner, record.piece)
        return try readers.readHere { session in
            if let row = try session.versions.row(bucket: owner.bucket, key: owner.key, sequence: owner.sequence) {
                return owner.part == 0
                    ? row.content == .single(piece)
                    : row.parts.contains { $0.part.number == owner.part && $0.piece == piece }
            }
            return try session.uploads.part(upload: owner.sequence, number: owner.part)?.piece == piece
        }
    }

    private func move(_ records: [Record]) throws {
        guard !records.isEmpty else { return }
        let bodies = records.map { record in
            SmallBody(
                bucket: record.owner.bucket, key: record.owner.key, sequence: record.owner.sequence,
                part: record.owner.part, bytes: record.body)
        }
        let moves = records.map { ($0.owner, $0.piece, $0.length) }
        try write(bodies: bodies) { transaction, appended in
            for ((owner, piece, length), body) in zip(moves, appended) {
                try transaction.relocate(owner, from: piece, to: body.piece, recordLength: length)
            }
        }
    }

    /// Waits for the writer on this thread, which is one for blocking work.
    private func write(
        bodies: [SmallBody] = [], _ change: @escaping @Sendable (WriteTransaction, [AppendedBody]) throws -> Void
    ) throws {
        let done = DispatchSemaphore(value: 0)
        let outcome = Mutex<Result<Void, any Error>?>(nil)
        writer.enqueue(bodies: bodies, change) { result in
            outcome.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        try outcome.withLock { $0 }?.get()
    }
}
