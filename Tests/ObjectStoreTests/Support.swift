import Foundation
import Ground
import NIOCore
import ObjectStore
import Synchronization

/// A directory that is removed with the last reference to it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = (NSTemporaryDirectory() as NSString).appendingPathComponent("objects-" + UUID().uuidString)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Names of all files below `folder`, which are no directories.
    func files(below folder: String) -> [String] {
        let all = FileManager.default.enumerator(atPath: path + "/" + folder)?.compactMap { $0 as? String } ?? []
        return all.filter { name in
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: path + "/" + folder + "/" + name, isDirectory: &isDirectory)
                && !isDirectory.boolValue
        }.sorted()
    }
}

/// SplitMix64: the same numbers in each run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}

extension ObjectStoreOptions {
    /// Bodies of more than 100 bytes get files of their own, and segments are soon full.
    static var small: ObjectStoreOptions {
        var options = ObjectStoreOptions()
        options.inlineLimit = 100
        options.segmentLength = 4096
        options.logPagesToCheckpoint = 50
        options.logPagesBound = 200
        return options
    }
}

let testClock = CloudClock(manualFrom: Timestamp(seconds: 1_700_000_000))

/// Opens a store in a directory of its own, and closes it after `body`.
func withStore<Value>(
    in directory: TemporaryDirectory? = nil, options: ObjectStoreOptions = .small, clock: CloudClock = testClock,
    layer: any FileLayer = SystemFileLayer(), _ body: (ObjectStore) async throws -> Value
) async throws -> Value {
    let directory = try directory ?? TemporaryDirectory()
    let store = try ObjectStore(directory: directory.path, clock: clock, fileLayer: layer, options: options)
    do {
        let value = try await body(store)
        await store.close()
        return value
    } catch {
        await store.close()
        throw error
    }
}

extension ObjectStore {
    func makeBucket(_ name: String = "bucket", _ state: VersioningState = .neverSet) async throws -> Bucket {
        let bucket = try await createBucket(name: name, account: "000000000001", region: "eu-central-1")
        return state == .neverSet ? bucket : try await setVersioning(bucket: bucket, state)
    }

    @discardableResult
    func put(
        _ bucket: Bucket, _ key: String, _ text: String, _ condition: WriteCondition = .none, tags: [Attribute] = []
    ) async throws -> ObjectVersion {
        try await put(bucket: bucket, key: key, condition: condition, checksums: [], body: ByteStream(text)) { body in
            var attributes = ObjectAttributes()
            attributes.etag = Hex.encode(body.md5)
            attributes.contentType = "text/plain"
            attributes.tags = tags
            return attributes
        }
    }

    func text(of version: ObjectVersion, range: Range<Int64>? = nil) async throws -> String {
        String(buffer: try await content(of: version, range: range).collect(upTo: 1 << 24))
    }

    func text(_ bucket: Bucket, _ key: String, _ selector: VersionSelector = .current) async throws -> String {
        try await text(of: try await version(bucket: bucket, key: key, selector))
    }

    @discardableResult
    func putPart(
        _ bucket: Bucket, _ upload: MultipartUpload, _ number: Int, _ text: String
    ) async throws -> UploadedPart {
        try await putPart(
            bucket: bucket, key: upload.key, uploadID: upload.id, number: number, checksums: [], body: ByteStream(text)
        ) { (Hex.encode($0.md5), nil) }
    }

    func begin(_ bucket: Bucket, _ key: String) async throws -> MultipartUpload {
        try await createUpload(
            bucket: bucket, key: key, attributes: ObjectAttributes(), checksumAlgorithm: nil, checksumKind: nil)
    }

    @discardableResult
    func complete(
        _ bucket: Bucket, _ upload: MultipartUpload, _ parts: [UploadedPart], minimum: Int64 = 0,
        _ condition: WriteCondition = .none
    ) async throws -> ObjectVersion {
        try await completeUpload(
            bucket: bucket, key: upload.key, uploadID: upload.id,
            parts: parts.map { ($0.number, $0.etag, $0.checksum) },
            minimumPartSize: minimum, condition: condition
        ) { parts in
            var attributes = ObjectAttributes()
            attributes.etag = "completed-\(parts.count)"
            return attributes
        }
    }
}

/// The error that `body` throws, as a text without its details.
func failure(_ body: () async throws -> Void) async -> String {
    do {
        try await body()
        return "none"
    } catch {
        return String(describing: error).prefix { $0 != "(" }.description
    }
}

/// Gives `true` so many times.
final class CountDown: Sendable {
    private let left: Mutex<Int>
    init(_ count: Int) { left = Mutex(count) }
    func take() -> Bool {
        left.withLock { left in
            left -= 1
            return left >= 0
        }
    }
}
