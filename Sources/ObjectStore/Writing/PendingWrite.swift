/// A change that waits for the writer's thread.
struct PendingWrite: Sendable {
    /// Small bodies that go into a segment before the rows are changed.
    let bodies: [SmallBody]
    /// Changes rows. It must look at everything that can make it refuse before it changes the first of them.
    /// - Returns: what tells the caller; called once the change is on the disk.
    let apply: @Sendable (WriteTransaction, [AppendedBody]) throws -> Answer
    /// Tells the caller that nothing was changed.
    let fail: @Sendable (any Error) -> Void

    var byteCount: Int { bodies.reduce(0) { $0 + $1.recordLength } }

    typealias Answer = @Sendable () -> Void
}

/// What a transaction does beside its rows, once it is committed.
struct WriteEffects {
    /// Live bytes that segments gain or lose.
    var liveBytes: [Int64: Int64] = [:]
    /// Blobs that no row names any more.
    var freedBlobs: [BlobID] = []
    /// Buckets that were made or changed; `nil` for those that were deleted.
    var buckets: [Int64: Bucket?] = [:]
    var deletedBucketNames: [String] = []
    /// Everything was removed.
    var isReset = false
}
