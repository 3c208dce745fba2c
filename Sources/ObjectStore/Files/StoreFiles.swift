import Ground
import Synchronization

/// The store's files: where they lie, which of them no committed row names yet, and the segments that are open for
/// reading.
///
/// Keys never become names: a blob is named by its random id, a segment by its number.
final class StoreFiles: Sendable {
    let directory: String
    let layer: any FileLayer

    private struct State {
        /// Files that were made and are not committed yet. The sweep leaves them alone.
        var uncommitted: Set<String> = []
        /// Directories below `blobs` that are there and synced.
        var blobDirectories: Set<String> = []
        /// Segments open for reading.
        var segments: [Int64: OpenFile] = [:]
    }
    private let state = Mutex(State())
    private static let openSegmentsLimit = 128

    init(directory: String, layer: any FileLayer) {
        self.directory = directory
        self.layer = layer
    }

    var databasePath: String { directory + "/objects.sqlite" }
    var blobsPath: String { directory + "/blobs" }
    var segmentsPath: String { directory + "/segments" }

    /// Makes the directories, and the database where there is none.
    ///
    /// The database is made under another name with nothing synced, then synced as a whole and given its name: that
    /// takes two syncs where SQLite would take a dozen, and there is never a half-made one.
    /// - Parameter makeDatabase: makes the tables in the empty file of that path. The file is made here, so that it and
    ///   what SQLite puts beside it get their mode from us.
    func prepare(makeDatabase: (_ path: String) throws -> Void) throws {
        for path in [directory, blobsPath, segmentsPath] { try layer.makeDirectory(path) }
        do {
            _ = try OpenFile(reading: databasePath)
        } catch {
            guard error.isMissing else { throw error }
            let unfinished = databasePath + ".new"
            for suffix in ["", "-journal", "-wal", "-shm"] { try layer.unlink(unfinished + suffix) }
            let file = try layer.open(unfinished, creating: true)
            try makeDatabase(unfinished)
            try layer.syncData(file)
            try layer.link(unfinished, to: databasePath)
            try layer.unlink(unfinished)
            try layer.syncDirectory(directory)
        }
    }

    // MARK: Blobs

    private func blobDirectory(_ id: BlobID) -> String { blobsPath + "/" + Hex.encode([UInt8(id.high >> 56)]) }

    func path(of id: BlobID) -> String { blobDirectory(id) + "/" + id.text }

    /// Makes the file of a new blob. Whoever calls this ends it with ``keep(_:)`` or ``discard(_:)``.
    func makeBlob() throws -> (id: BlobID, file: OpenFile) {
        let id = BlobID.random()
        return (id, try registered(id) { try layer.open(path(of: id), creating: true) })
    }

    /// A new blob with the bytes of `id`, which is another name for the same file. To be ended like ``makeBlob()``.
    /// - Returns: `nil` where the file system gives the file no more names.
    func linkBlob(_ id: BlobID) throws -> BlobID? {
        let new = BlobID.random()
        do {
            try registered(new) { try layer.link(path(of: id), to: path(of: new)) }
            try layer.syncDirectory(blobDirectory(new))
            return new
        } catch let error as SystemError where error.isLinkLimit {
            return nil
        } catch {
            discard(new)
            throw error
        }
    }

    private func registered<Value>(_ id: BlobID, _ make: () throws -> Value) throws -> Value {
        let directory = blobDirectory(id)
        let isKnown = state.withLock { state in
            state.uncommitted.insert(id.text)
            return state.blobDirectories.contains(directory)
        }
        do {
            if !isKnown {
                try layer.makeDirectory(directory)
                try layer.syncDirectory(blobsPath)
                state.withLock { _ = $0.blobDirectories.insert(directory) }
            }
            return try make()
        } catch {
            state.withLock { _ = $0.uncommitted.remove(id.text) }
            throw error
        }
    }

    /// Gets the bytes and the name onto the disk; to be called before the row is written.
    func sync(_ id: BlobID, _ file: OpenFile) throws {
        try layer.syncData(file)
        try layer.syncDirectory(blobDirectory(id))
    }

    /// The row of `id` is committed.
    func keep(_ id: BlobID) { state.withLock { _ = $0.uncommitted.remove(id.text) } }

    /// Nothing became of the new blob `id`.
    func discard(_ id: BlobID) {
        // What can't be removed now is found by the next sweep.
        try? layer.unlink(path(of: id))
        keep(id)
    }

    func openBlob(_ id: BlobID) throws -> OpenFile { try OpenFile(reading: path(of: id)) }

    // MARK: Segments

    static func segmentName(_ id: Int64) -> String { Hex.encode(id.bigEndianOctets) }

    func path(ofSegment id: Int64) -> String { segmentsPath + "/" + Self.segmentName(id) }

    func makeSegment(_ id: Int64) throws -> OpenFile {
        state.withLock { _ = $0.uncommitted.insert(Self.segmentName(id)) }
        do {
            let file = try layer.open(path(ofSegment: id), creating: true)
            try layer.syncDirectory(segmentsPath)
            return file
        } catch {
            try? layer.unlink(path(ofSegment: id))
            keepSegment(id)
            throw error
        }
    }

    func keepSegment(_ id: Int64) { state.withLock { _ = $0.uncommitted.remove(Self.segmentName(id)) } }

    /// The segment, opened once for all readers.
    /// - Throws: ``SystemError``; ``SystemError/isMissing`` where it has been dropped.
    func segment(_ id: Int64) throws -> OpenFile {
        if let file = state.withLock({ $0.segments[id] }) { return file }
        let file = try OpenFile(reading: path(ofSegment: id))
        return state.withLock { state in
            if state.segments.count >= Self.openSegmentsLimit { state.segments.removeAll() }
            state.segments[id] = file
            return file
        }
    }

    /// Takes a segment away in which nothing lives any more. Readers that have it open go on.
    func dropSegment(_ id: Int64) {
        state.withLock { _ = $0.segments.removeValue(forKey: id) }
        try? layer.unlink(path(ofSegment: id))
    }

    func closeSegments() { state.withLock { $0.segments.removeAll() } }

    func isUncommitted(_ name: String) -> Bool { state.withLock { $0.uncommitted.contains(name) } }
}

extension SystemError {
    /// There is no such file.
    var isMissing: Bool { code == ErrorNumber.missing }
    /// The file has as many names as the file system allows, or it can't have a second one.
    var isLinkLimit: Bool { ErrorNumber.noMoreLinks.contains(code) }
}
