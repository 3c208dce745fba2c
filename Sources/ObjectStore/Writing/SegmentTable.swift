import Ground

/// How full the segments are: the table `segments`, kept in memory as well.
struct SegmentTable {
    struct Segment {
        var size: Int64
        var live: Int64
        var isBeingCompacted = false
    }
    private var segments: [Int64: Segment] = [:]
    /// Segments that lost bytes since somebody asked.
    private var touched: Set<Int64> = []

    init() {}

    init(_ database: SQLiteConnection) throws {
        try database.statement("SELECT id, size, live FROM segments").eachRow { row in
            segments[row.int64(0)] = Segment(size: row.int64(1), live: row.int64(2))
        }
        touched = Set(segments.keys)
    }

    var count: Int { segments.count }
    var totalSize: Int64 { segments.values.reduce(0) { $0 + $1.size } }
    var totalLive: Int64 { segments.values.reduce(0) { $0 + $1.live } }

    /// The segment that was written last, where it is not full.
    func newest(below length: Int64) -> (id: Int64, size: Int64)? {
        guard let (id, segment) = segments.max(by: { $0.key < $1.key }), segment.size < length else { return nil }
        return (id, segment.size)
    }

    /// What a transaction makes of the segments that it touches.
    struct Change {
        var updated: [Int64: Segment] = [:]
        /// Nothing is left in them, and nothing is added any more.
        var dropped: [Int64] = []

        func write(to database: SQLiteConnection) throws {
            for (id, segment) in updated {
                try database.statement(
                    """
                    INSERT INTO segments (id, size, live) VALUES (?1, ?2, ?3)
                    ON CONFLICT (id) DO UPDATE SET size = ?2, live = ?3
                    """
                ).bind(1, id).bind(2, segment.size).bind(3, segment.live).run()
            }
            for id in dropped { try database.statement("DELETE FROM segments WHERE id = ?1").bind(1, id).run() }
        }
    }

    /// - Parameters:
    ///   - current: the segment that is being written.
    ///   - tail: its length.
    func applying(_ effects: WriteEffects, current: Int64?, tail: Int64) -> Change {
        var change = Change()
        guard !effects.isReset else { return change }
        for (id, delta) in effects.liveBytes {
            var segment = segments[id] ?? Segment(size: 0, live: 0)
            segment.live += delta
            if id == current { segment.size = max(segment.size, tail) }
            if segment.live <= 0, id != current { change.dropped.append(id) } else { change.updated[id] = segment }
        }
        return change
    }

    mutating func publish(_ change: Change) {
        segments.merge(change.updated) { $1 }
        touched.formUnion(change.updated.keys)
        for id in change.dropped { segments[id] = nil }
    }

    /// Full segments of which less than half is alive, each given once.
    mutating func takeSparse(current: Int64?) -> [Int64] {
        guard !touched.isEmpty else { return [] }
        let sparse = touched.filter { id in
            guard id != current, let segment = segments[id], !segment.isBeingCompacted else { return false }
            return segment.live * 2 < segment.size
        }
        touched = current.map { touched.contains($0) ? [$0] : [] } ?? []
        for id in sparse { segments[id]?.isBeingCompacted = true }
        return sparse.sorted()
    }
}
