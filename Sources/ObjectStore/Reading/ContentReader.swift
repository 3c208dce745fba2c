import Ground
import NIOCore
import NIOPosix
import Synchronization

/// Finds the bytes of versions in segments and blobs.
struct ContentReader: Sendable {
    let files: StoreFiles

    /// A piece was not where its row had said: it was moved or removed in the meantime, or the file is lost. The row
    /// tells which.
    struct Missing: Error {
        let path: String
    }

    /// The bytes `range` of a piece of `size` bytes.
    /// - Parameter owner: whose piece it is, which its record must confirm.
    /// - Throws: ``Missing``; ``ObjectStoreError/unreadable(_:)`` where the piece is damaged.
    func slice(
        of piece: Piece, size: Int64, range: Range<Int64>, owner: SegmentRecord.Owner
    ) throws -> FileSlice? {
        switch piece {
        case .none: return nil
        case .segment(let id, let offset):
            let file = try open(files.path(ofSegment: id)) { try files.segment(id) }
            let start = offset + Int64(SegmentRecord.length(keyLength: owner.key.count, bodyLength: 0))
            return FileSlice(file: file, offset: start + range.lowerBound, length: Int64(range.count))
        case .blob(let id):
            let file = try open(files.path(of: id)) { try files.openBlob(id) }
            guard try file.size() >= size else {
                throw ObjectStoreError.unreadable("\(files.path(of: id)) is shorter than its object")
            }
            return FileSlice(file: file, offset: range.lowerBound, length: Int64(range.count))
        }
    }

    /// The whole body of a piece in a segment, its checksum verified.
    /// - Throws: as ``slice(of:size:range:owner:)``.
    func body(segment id: Int64, offset: Int64, size: Int64, owner: SegmentRecord.Owner) throws -> ByteBuffer {
        let file = try open(files.path(ofSegment: id)) { try files.segment(id) }
        let length = SegmentRecord.length(keyLength: owner.key.count, bodyLength: Int(size))
        var record: ByteBuffer
        do {
            record = try file.read(length, at: offset)
        } catch {
            throw ObjectStoreError.unreadable("\(files.path(ofSegment: id)): \(error)")
        }
        guard let found = SegmentRecord.read(from: &record), found.owner == owner, found.body.readableBytes == size
        else {
            throw ObjectStoreError.unreadable(
                "\(files.path(ofSegment: id)): the record at \(offset) does not match its checksum or its row")
        }
        return found.body
    }

    private func open(_ path: String, _ open: () throws -> OpenFile) throws -> OpenFile {
        do {
            return try open()
        } catch let error as SystemError where error.isMissing {
            throw Missing(path: path)
        } catch {
            throw ObjectStoreError.unreadable("\(path): \(error)")
        }
    }

    /// The bytes of `range`.
    ///
    /// What lies in one segment comes as a verified buffer, what lies in files as slices of them, of which the
    /// segments' records are verified before they are handed out. The files are open already, so that a reader goes on
    /// when the version is removed. Only an object of very many parts is opened part by part, so that one request does
    /// not use up the process's descriptors.
    /// - Throws: as ``slice(of:size:range:owner:)``.
    func stream(
        _ layout: ContentLocation.Layout, parts: [ObjectPart], size: Int64, range: Range<Int64>,
        owner: SegmentRecord.Owner
    ) throws -> ByteStream {
        let stretches = stretches(of: layout, parts: parts, size: size, range: range, owner: owner)
        guard stretches.reduce(0, { $0 + Int64($1.range.count) }) == Int64(range.count) else {
            throw ObjectStoreError.unreadable("the parts of an object do not add up to its size")
        }
        if stretches.isEmpty { return .empty }
        if stretches.count == 1, case .segment = stretches[0].piece { return ByteStream(try body(stretches[0])) }
        guard stretches.count > Self.openFilesLimit else {
            return ByteStream(files: try stretches.compactMap { try slice($0) })
        }
        let reader = PartByPartReader(stretches, of: self)
        return ByteStream(length: Int64(range.count)) { try await reader.next() }
    }

    /// Files that one stream holds open at most.
    private static let openFilesLimit = 128

    /// A piece, or some of it.
    struct Stretch: Sendable {
        let piece: Piece
        /// Of the whole piece.
        let size: Int64
        /// Within the piece.
        let range: Range<Int64>
        let owner: SegmentRecord.Owner
    }

    private func stretches(
        of layout: ContentLocation.Layout, parts: [ObjectPart], size: Int64, range: Range<Int64>,
        owner: SegmentRecord.Owner
    ) -> [Stretch] {
        let pieces: [(piece: Piece, size: Int64, part: Int)] =
            switch layout {
            case .single(let piece): [(piece, size, 0)]
            case .parts(let pieces): zip(pieces, parts).map { ($0, $1.size, $1.number) }
            case .unknown: []
            }
        var stretches: [Stretch] = []
        var start: Int64 = 0
        for (piece, size, part) in pieces {
            let wanted = range.clamped(to: start..<start + size)
            if !wanted.isEmpty {
                var owner = owner
                owner.part = part
                let within = wanted.lowerBound - start..<wanted.upperBound - start
                stretches.append(Stretch(piece: piece, size: size, range: within, owner: owner))
            }
            start += size
        }
        return stretches
    }

    /// The bytes of a stretch of a segment's record, verified.
    private func body(_ stretch: Stretch) throws -> ByteBuffer {
        guard case .segment(let id, let offset) = stretch.piece else { return ByteBuffer() }
        let body = try body(segment: id, offset: offset, size: stretch.size, owner: stretch.owner)
        let start = body.readerIndex + Int(stretch.range.lowerBound)
        return body.getSlice(at: start, length: stretch.range.count) ?? ByteBuffer()
    }

    /// A stretch in its open file; a segment's record has been verified.
    fileprivate func slice(_ stretch: Stretch) throws -> FileSlice? {
        if case .segment = stretch.piece { _ = try body(stretch) }
        return try slice(of: stretch.piece, size: stretch.size, range: stretch.range, owner: stretch.owner)
    }
}

/// Gives the bytes of many files with one of them open at a time.
private final class PartByPartReader: Sendable {
    private struct State {
        var rest: ArraySlice<ContentReader.Stretch>
        var reader: ByteStream.Reader?
    }
    private let content: ContentReader
    private let state: Mutex<State>

    init(_ stretches: [ContentReader.Stretch], of content: ContentReader) {
        self.content = content
        state = Mutex(State(rest: stretches[...]))
    }

    /// The next chunk, `nil` at the end; called by one consumer, one call after the other.
    func next() async throws -> ByteBuffer? {
        while true {
            if var reader = state.withLock({ $0.reader }) {
                let chunk = try await reader.next()
                let goOn = chunk == nil ? nil : reader
                state.withLock { $0.reader = goOn }
                if let chunk { return chunk }
            }
            guard let stretch = state.withLock({ $0.rest.popFirst() }) else { return nil }
            let content = content
            let slice = try await NIOThreadPool.singleton.runIfActive { try content.slice(stretch) }
            guard let slice else { continue }
            state.withLock { $0.reader = ByteStream(files: [slice]).makeReader() }
        }
    }
}
