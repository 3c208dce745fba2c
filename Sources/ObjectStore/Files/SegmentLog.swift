import Ground
import NIOCore

/// A small body that is to be appended to a segment.
struct SmallBody: Sendable {
    var bucket: Int64
    var key: [UInt8]
    /// The row's sequence, where there is one already: of a part its upload's. Else the writer gives a new one.
    var sequence: Int64?
    var part = 0
    var bytes: ByteBuffer

    var recordLength: Int { SegmentRecord.length(keyLength: key.count, bodyLength: bytes.readableBytes) }
}

/// Where a ``SmallBody`` went.
struct AppendedBody: Sendable {
    let sequence: Int64
    let piece: Piece
    let recordLength: Int64
}

/// Appends records to the current segment. Used by the writer alone.
///
/// What is behind the last committed record is of no consequence: rows tell where records lie, so after a crash the
/// tail is written over.
struct SegmentLog {
    private struct Current {
        let id: Int64
        let file: OpenFile
        var tail: Int64
        /// Room on the disk that the file has been given.
        var allocated: Int64
        /// Bytes are written that were not synced.
        var isDirty = false
        /// There is a row of it.
        var isCommitted = false
    }

    private let files: StoreFiles
    private let segmentLength: Int64
    private var current: Current?
    private var staging = ByteBuffer()

    init(files: StoreFiles, segmentLength: Int64) {
        self.files = files
        self.segmentLength = segmentLength
    }

    var currentID: Int64? { current?.id }

    /// Goes on with a segment that was not full when the store was closed.
    mutating func resume(id: Int64, tail: Int64) throws {
        let file = try files.layer.open(files.path(ofSegment: id), creating: false)
        current = Current(id: id, file: file, tail: tail, allocated: tail, isCommitted: true)
    }

    /// Writes all of `bodies`, in one go, without syncing.
    /// - Parameter newNumber: gives numbers for new segments and for bodies without a sequence.
    /// - Throws: ``SystemError``; nothing counts as appended then.
    mutating func append(_ bodies: [SmallBody], newNumber: () -> Int64) throws -> [AppendedBody] {
        if let full = current, full.tail >= segmentLength { current = nil }
        if current == nil {
            let id = newNumber()
            current = Current(id: id, file: try files.makeSegment(id), tail: 0, allocated: 0)
        }
        guard var segment = current else { return [] }
        staging.clear()
        var appended: [AppendedBody] = []
        appended.reserveCapacity(bodies.count)
        for body in bodies {
            let sequence = body.sequence ?? newNumber()
            let offset = segment.tail + Int64(staging.writerIndex)
            SegmentRecord.append(
                body.bytes,
                of: .init(bucket: body.bucket, key: body.key, sequence: sequence, part: body.part), to: &staging)
            appended.append(
                AppendedBody(
                    sequence: sequence, piece: .segment(id: segment.id, offset: offset),
                    recordLength: Int64(body.recordLength)))
        }
        let end = segment.tail + Int64(staging.readableBytes)
        allocate(&segment, upTo: end)
        try staging.withUnsafeReadableBytes { bytes in
            try files.layer.write(bytes, to: segment.file, at: segment.tail)
        }
        segment.tail = end
        segment.isDirty = true
        current = segment
        // A batch of large records must not hold its memory for good.
        if staging.capacity > 1 << 20 { staging = ByteBuffer() }
        return appended
    }

    /// Room in growing steps: with it a sync need not write the file's length and blocks each time, and a store with
    /// little in it takes little.
    private func allocate(_ segment: inout Current, upTo end: Int64) {
        guard end > segment.allocated else { return }
        let step = min(max(segment.allocated, 1 << 20), 16 << 20)
        let goal = max(end, segment.allocated + step)
        // Without it the bytes may still find room; if not, the write says so.
        try? files.layer.allocate(segment.file, from: segment.allocated, length: goal - segment.allocated)
        segment.allocated = goal
    }

    /// The file that must be synced before a row that points into it may be committed.
    var unsynced: OpenFile? { current.flatMap { $0.isDirty ? $0.file : nil } }

    /// The current segment, where its first row has just been written.
    mutating func takeUncommitted(in written: some Sequence<Int64>) -> Int64? {
        guard let segment = current, !segment.isCommitted, written.contains(segment.id) else { return nil }
        current?.isCommitted = true
        return segment.id
    }

    mutating func markSynced() { current?.isDirty = false }

    /// After a failed sync nobody knows what of the file is on the disk: it is not written to any more.
    mutating func abandonCurrent() { current = nil }

    /// The length of the current segment that rows may lie in.
    var tail: Int64 { current?.tail ?? 0 }
}
