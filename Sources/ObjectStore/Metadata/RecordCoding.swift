import Ground

// The columns that hold more than one value. Each begins with the version of its form, so that a later one can tell
// them apart.
private let formVersion: UInt8 = 1

extension BinaryWriter {
    fileprivate init(versioned: Void) {
        self.init()
        write(formVersion)
    }

    fileprivate mutating func write(_ checksum: StoredChecksum?) {
        guard let checksum else { return write(UInt8(0)) }
        write(UInt8(1 + checksum.kind.rawValue))
        write(checksum.algorithm.storedCode)
        write(checksum.value)
    }

    fileprivate mutating func write(_ piece: Piece) {
        switch piece {
        case .none: write(UInt8(0))
        case .segment(let id, let offset):
            write(UInt8(1))
            write(id)
            write(offset)
        case .blob(let id):
            write(UInt8(2))
            write(fixed: id.bytes)
        }
    }
}

extension BinaryReader {
    fileprivate init(versioned bytes: UnsafeRawBufferPointer) throws {
        self.init(bytes)
        guard try byte() == formVersion else { throw Self.damaged }
    }

    fileprivate mutating func checksum() throws -> StoredChecksum? {
        let kind = try byte()
        guard kind > 0 else { return nil }
        guard let kind = StoredChecksum.Kind(rawValue: Int(kind) - 1),
            let algorithm = ChecksumAlgorithm(storedCode: try byte())
        else { throw Self.damaged }
        return StoredChecksum(algorithm: algorithm, value: try string(), kind: kind)
    }

    fileprivate mutating func piece() throws -> Piece {
        switch try byte() {
        case 0: return .none
        case 1: return .segment(id: try number(), offset: try number())
        case 2:
            guard let id = BlobID(bytes: try fixed(16)) else { throw Self.damaged }
            return .blob(id)
        default: throw Self.damaged
        }
    }
}

extension ChecksumAlgorithm {
    /// The number that stands for it in records: never to be changed.
    fileprivate var storedCode: UInt8 {
        switch self {
        case .crc32: 1
        case .crc32c: 2
        case .crc64nvme: 3
        case .sha1: 4
        case .sha256: 5
        }
    }

    fileprivate init?(storedCode: UInt8) {
        guard let algorithm = Self.allCases.first(where: { $0.storedCode == storedCode }) else { return nil }
        self = algorithm
    }
}

/// The column `attributes`: all of ``ObjectAttributes`` but the tags, which change on their own.
enum AttributesColumn {
    static func encode(_ attributes: ObjectAttributes) -> [UInt8] {
        var writer = BinaryWriter(versioned: ())
        writer.write(attributes.etag)
        writer.write(attributes.contentType)
        // Nearly always STANDARD, for which nothing is written.
        writer.write(attributes.storageClass == "STANDARD" ? "" : attributes.storageClass)
        writer.write(attributes.checksum)
        writer.write(attributes.headers)
        writer.write(attributes.metadata)
        return writer.bytes
    }

    static func decode(_ bytes: UnsafeRawBufferPointer, tags: [Attribute]) throws -> ObjectAttributes {
        var attributes = ObjectAttributes()
        attributes.tags = tags
        // A delete marker has none.
        guard !bytes.isEmpty else { return attributes }
        var reader = try BinaryReader(versioned: bytes)
        attributes.etag = try reader.string()
        attributes.contentType = try reader.string()
        let storageClass = try reader.string()
        if !storageClass.isEmpty { attributes.storageClass = storageClass }
        attributes.checksum = try reader.checksum()
        attributes.headers = try reader.attributes()
        attributes.metadata = try reader.attributes()
        return attributes
    }

    /// Only the ETag, which conditions ask for.
    static func etag(_ bytes: UnsafeRawBufferPointer) throws -> String {
        guard !bytes.isEmpty else { return "" }
        var reader = try BinaryReader(versioned: bytes)
        return try reader.string()
    }
}

/// The column `tags`; NULL for none.
enum TagsColumn {
    static func encode(_ tags: [Attribute]) -> [UInt8]? {
        guard !tags.isEmpty else { return nil }
        var writer = BinaryWriter(versioned: ())
        writer.write(tags)
        return writer.bytes
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) throws -> [Attribute] {
        guard !bytes.isEmpty else { return [] }
        var reader = try BinaryReader(versioned: bytes)
        return try reader.attributes()
    }
}

/// The column `content`, and of parts `piece`: where the bytes lie; NULL where there are none.
enum ContentColumn: Equatable {
    case single(Piece)
    /// The pieces are in the column `parts`. `upload` and `list` are the token of the upload and the digest of the list
    /// that it was completed with: by them a repeated completion is known.
    case completed(upload: Token, list: Token)

    var encoded: [UInt8]? {
        switch self {
        case .single(.none): return nil
        case .single(let piece):
            var writer = BinaryWriter(versioned: ())
            writer.write(piece)
            return writer.bytes
        case .completed(let upload, let list):
            var writer = BinaryWriter(versioned: ())
            writer.write(Self.completedCode)
            writer.write(fixed: upload.bytes)
            writer.write(fixed: list.bytes)
            return writer.bytes
        }
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) throws -> ContentColumn {
        guard !bytes.isEmpty else { return .single(.none) }
        var reader = try BinaryReader(versioned: bytes)
        var afterCode = reader
        guard try afterCode.byte() == completedCode else { return .single(try reader.piece()) }
        guard let upload = Token(bytes: try afterCode.fixed(16)), let list = Token(bytes: try afterCode.fixed(16))
        else {
            throw BinaryReader.damaged
        }
        return .completed(upload: upload, list: list)
    }

    private static let completedCode: UInt8 = 3
}

/// The column `parts` of an object that was uploaded in parts.
enum PartsColumn {
    static func encode(_ parts: [(part: ObjectPart, piece: Piece)]) -> [UInt8] {
        var writer = BinaryWriter(versioned: ())
        writer.write(Int64(parts.count))
        for (part, piece) in parts {
            writer.write(Int64(part.number))
            writer.write(part.size)
            writer.write(part.checksum)
            writer.write(piece)
        }
        return writer.bytes
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) throws -> [(part: ObjectPart, piece: Piece)] {
        guard !bytes.isEmpty else { return [] }
        var reader = try BinaryReader(versioned: bytes)
        var parts: [(part: ObjectPart, piece: Piece)] = []
        for _ in 0..<(try reader.number()) {
            let part = ObjectPart(
                number: Int(try reader.number()), size: try reader.number(), checksum: try reader.checksum())
            parts.append((part, try reader.piece()))
        }
        return parts
    }
}

/// The column `checksum` of a part: a ``StoredChecksum``, or NULL.
enum ChecksumColumn {
    static func encode(_ checksum: StoredChecksum?) -> [UInt8]? {
        guard let checksum else { return nil }
        var writer = BinaryWriter(versioned: ())
        writer.write(checksum)
        return writer.bytes
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) throws -> StoredChecksum? {
        guard !bytes.isEmpty else { return nil }
        var reader = try BinaryReader(versioned: bytes)
        return try reader.checksum()
    }
}
