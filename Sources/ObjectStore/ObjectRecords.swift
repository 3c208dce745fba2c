import Ground

/// Whether a bucket keeps the versions that are written over. A bucket never goes back to `neverSet`.
public enum VersioningState: Int, Sendable {
    case neverSet = 0
    case enabled = 1
    case suspended = 2
}

/// A bucket.
public struct Bucket: Sendable, Equatable {
    /// The store's own number for it: never given again, so that a bucket made anew under an old name is another one.
    public let id: Int64
    public let name: String
    /// The 12 digits of the account that owns it.
    public let account: String
    public let region: String
    public let created: Timestamp
    public var versioning: VersioningState
}

/// The id of one version of one key.
///
/// Opaque to callers: 32 characters that URLs and command lines take as they are. Inside it holds the version's order
/// number, masked, so that a version is found without an index of its own.
public enum VersionID: Sendable, Hashable {
    /// The version that was written while versioning was not enabled; a key has at most one.
    case null
    case opaque(String)

    public var text: String {
        switch self {
        case .null: "null"
        case .opaque(let text): text
        }
    }
}

/// Which version of a key is meant.
public enum VersionSelector: Sendable, Equatable {
    /// The newest in write order, which can be a delete marker.
    case current
    case version(VersionID)
}

/// A checksum as it is kept with an object or part.
public struct StoredChecksum: Sendable, Equatable {
    public enum Kind: Int, Sendable {
        /// Over all of the object's bytes.
        case fullObject = 0
        /// Over the parts' checksums, as `value-N`.
        case composite = 1
    }
    public var algorithm: ChecksumAlgorithm
    /// As on the wire: base64, with `-N` for a composite one.
    public var value: String
    public var kind: Kind

    public init(algorithm: ChecksumAlgorithm, value: String, kind: Kind = .fullObject) {
        self.algorithm = algorithm
        self.value = value
        self.kind = kind
    }
}

/// A name with a value: a header, a user-metadata entry or a tag.
public struct Attribute: Sendable, Hashable {
    public var name: String
    public var value: String
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What is kept with an object beside its bytes.
public struct ObjectAttributes: Sendable, Equatable {
    /// Without quotes: the MD5 in hex, for multipart objects `MD5-of-MD5s-N`.
    public var etag = ""
    public var contentType = ""
    /// System metadata under its header's name (`Cache-Control` ...), in the order given.
    public var headers: [Attribute] = []
    /// User metadata, names lower-cased and without `x-amz-meta-`.
    public var metadata: [Attribute] = []
    public var tags: [Attribute] = []
    public var storageClass = "STANDARD"
    public var checksum: StoredChecksum?

    public init() {}
}

/// A part of a multipart object that has been completed.
public struct ObjectPart: Sendable, Equatable {
    public var number: Int
    public var size: Int64
    public var checksum: StoredChecksum?

    public init(number: Int, size: Int64, checksum: StoredChecksum?) {
        self.number = number
        self.size = size
        self.checksum = checksum
    }
}

/// One version of a key: an object, or a delete marker.
public struct ObjectVersion: Sendable {
    public let key: String
    public let id: VersionID
    public let isDeleteMarker: Bool
    /// Whether it is the newest of its key.
    public let isCurrent: Bool
    public let lastModified: Timestamp
    public let size: Int64
    public let attributes: ObjectAttributes
    /// The parts it was completed from; empty where it was written in one piece.
    public let parts: [ObjectPart]
    /// Where the bytes are: the store's own business.
    package let content: ContentLocation
    /// The order number within the store: of two versions of a key the one with the greater number is newer.
    package let sequence: Int64

    package init(
        key: String, id: VersionID, isDeleteMarker: Bool, isCurrent: Bool, lastModified: Timestamp, size: Int64,
        attributes: ObjectAttributes, parts: [ObjectPart], content: ContentLocation, sequence: Int64
    ) {
        self.key = key
        self.id = id
        self.isDeleteMarker = isDeleteMarker
        self.isCurrent = isCurrent
        self.lastModified = lastModified
        self.size = size
        self.attributes = attributes
        self.parts = parts
        self.content = content
        self.sequence = sequence
    }
}

/// What must hold for a write to be done; looked at in the same transaction as the write.
public enum WriteCondition: Sendable, Equatable {
    case none
    /// No current object, a delete marker counting as none (`If-None-Match: *`).
    case ifAbsent
    /// The current object has this ETag, without quotes, or `*` for any (`If-Match`).
    case ifMatch(String)
}

/// What a body turned out to be once its last byte was there.
public struct ReceivedBody: Sendable {
    public let size: Int64
    /// Of all the bytes.
    public let md5: [UInt8]
    /// The checksums that were asked for.
    public let checksums: [ChecksumAlgorithm: [UInt8]]
    /// Trailer fields behind the body.
    public let trailers: [(name: String, value: String)]

    package init(
        size: Int64, md5: [UInt8], checksums: [ChecksumAlgorithm: [UInt8]], trailers: [(name: String, value: String)]
    ) {
        self.size = size
        self.md5 = md5
        self.checksums = checksums
        self.trailers = trailers
    }
}

/// An upload in parts that is not complete.
public struct MultipartUpload: Sendable {
    public let id: String
    public let key: String
    public let initiated: Timestamp
    public let attributes: ObjectAttributes
    /// The checksum that the upload was created with.
    public let checksumAlgorithm: ChecksumAlgorithm?
    public let checksumKind: StoredChecksum.Kind?

    package init(
        id: String, key: String, initiated: Timestamp, attributes: ObjectAttributes,
        checksumAlgorithm: ChecksumAlgorithm?, checksumKind: StoredChecksum.Kind?
    ) {
        self.id = id
        self.key = key
        self.initiated = initiated
        self.attributes = attributes
        self.checksumAlgorithm = checksumAlgorithm
        self.checksumKind = checksumKind
    }
}

/// A part that has been uploaded.
public struct UploadedPart: Sendable {
    public let number: Int
    public let size: Int64
    /// MD5 in hex.
    public let etag: String
    public let lastModified: Timestamp
    public let checksum: StoredChecksum?

    package init(number: Int, size: Int64, etag: String, lastModified: Timestamp, checksum: StoredChecksum?) {
        self.number = number
        self.size = size
        self.etag = etag
        self.lastModified = lastModified
        self.checksum = checksum
    }
}

/// Where a listing starts: right behind a key, or behind one version of a key.
public struct ListQuery: Sendable {
    public var prefix = ""
    /// Keys that share what stands between the prefix and the delimiter's first occurrence are rolled up into one.
    public var delimiter: String?
    /// Only what is greater in UTF-8 byte order. A common prefix that equals it, or that it starts with, is not shown again.
    public var after: String?
    /// With `after`: go on behind this version of that key (version listings, uploads).
    public var afterVersion: VersionID?
    /// Keys and common prefixes together, 0...1000.
    public var limit = 1000

    public init() {}
}

/// A page of a listing: entries and common prefixes, each in byte order.
public struct ListPage<Entry: Sendable>: Sendable {
    public var entries: [Entry] = []
    public var commonPrefixes: [String] = []
    public var isTruncated = false
    /// The last key or common prefix of a truncated page: the next page's `after`.
    public var next: String?
    /// The last version of a truncated page whose last entry is a version.
    public var nextVersion: VersionID?
    /// The last upload of a truncated page of uploads.
    public var nextUpload: String?

    public init() {}
}

/// What the store refuses or can't do. Services map it to AWS's codes.
public enum ObjectStoreError: Error, Sendable {
    case bucketExists(Bucket)
    case noSuchBucket
    case bucketNotEmpty
    case noSuchKey
    case noSuchVersion
    case noSuchUpload
    /// The text is no version id of this store.
    case malformedVersionID
    /// A ``WriteCondition`` did not hold; `current` is the object that is there, if any.
    case preconditionFailed
    case invalidPart(number: Int)
    case invalidPartOrder
    case partTooSmall(number: Int, size: Int64, minimum: Int64, etag: String)
    /// No room left on the disk; nothing was stored.
    case diskFull
    /// A file of the store is missing, cut short, or does not match its checksum.
    case unreadable(String)
    /// The database or the file system failed in another way; nothing was stored.
    case failed(String)
    case closed
}
