import Foundation
import Ground
import ObjectStore
import Synchronization
import Testing

/// What the store has acknowledged.
private final class Acknowledged: Sendable {
    private let texts = Mutex<[VersionID: String]>([:])
    func add(_ id: VersionID, _ text: String) { texts.withLock { $0[id] = text } }
    var all: [VersionID: String] { texts.withLock { $0 } }
}

@Suite struct DurabilityTests {
    /// Writes from several tasks until the power is cut at some operation, takes back what was not synced, and looks
    /// whether all that was acknowledged is there.
    @Test(arguments: 0..<25)
    func powerLossLosesNothingAcknowledged(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let directory = try TemporaryDirectory()
        let layer = RecordingFileLayer()
        let acknowledged = Acknowledged()
        try await withStore(in: directory, layer: layer) { store in
            let bucket = try await store.makeBucket("bucket", .enabled)
            layer.cutPower(at: layer.operations + Int.random(in: 1...120, using: &random))
            let seeds = (0..<6).map { _ in random.next() }
            await withTaskGroup(of: Void.self) { group in
                for seed in seeds {
                    group.addTask {
                        var random = SeededGenerator(seed: seed)
                        for number in 0..<20 {
                            let text = String(
                                repeating: "\(seed)-\(number)/", count: Int.random(in: 1...20, using: &random))
                            do {
                                let version = try await store.put(bucket, "k\(number % 7)", text)
                                acknowledged.add(version.id, text)
                            } catch {
                                continue
                            }
                        }
                    }
                }
            }
        }
        try layer.losePower()
        try await withStore(in: directory) { store in
            let bucket = try #require(try await store.bucket(named: "bucket"))
            let listed = try await store.listVersions(bucket: bucket, query: ListQuery()).entries
            // What was not acknowledged may be there or not, but if it is, then whole.
            for version in listed { #expect(try await store.text(of: version).utf8.count == version.size) }
            let there = Dictionary(uniqueKeysWithValues: listed.map { ($0.id, $0) })
            for (id, text) in acknowledged.all {
                let version = try #require(there[id])
                #expect(try await store.text(of: version) == text)
            }
            try await store.put(bucket, "after", "v")
            #expect(try await store.text(bucket, "after") == "v")
            await store.settle()
            let blobs = listed.filter { $0.size > 100 }.count
            #expect(directory.files(below: "blobs").count == blobs)
        }
    }

    @Test func nothingIsAcknowledgedBeforeItsBytesAreSynced() async throws {
        let layer = RecordingFileLayer()
        let directory = try TemporaryDirectory()
        try await withStore(in: directory, layer: layer) { store in
            let bucket = try await store.makeBucket()
            try await store.put(bucket, "small", "s")
            try await store.put(bucket, "large", String(repeating: "l", count: 500))
        }
        try layer.losePower()
        try await withStore(in: directory) { store in
            let bucket = try #require(try await store.bucket(named: "bucket"))
            #expect(try await store.text(bucket, "small") == "s")
            #expect(try await store.text(bucket, "large") == String(repeating: "l", count: 500))
        }
    }

    @Test func aFullDiskRefusesAndKeepsWhatIsThere() async throws {
        let layer = RecordingFileLayer()
        let directory = try TemporaryDirectory()
        try await withStore(in: directory, layer: layer) { store in
            let bucket = try await store.makeBucket()
            try await store.put(bucket, "k", "old")
            layer.setRoom(50)
            #expect(await failure { try await store.put(bucket, "k", String(repeating: "x", count: 99)) } == "diskFull")
            #expect(
                await failure { try await store.put(bucket, "k", String(repeating: "x", count: 999)) } == "diskFull")
            #expect(try await store.text(bucket, "k") == "old")
            #expect(directory.files(below: "blobs").isEmpty)
            // Deleting must be possible, or there is no way out.
            _ = try await store.delete(bucket: bucket, key: "k", .current)
            layer.setRoom(nil)
            try await store.put(bucket, "k", "new")
            #expect(try await store.text(bucket, "k") == "new")
        }
    }

    @Test func aFullDatabaseRefusesAndKeepsWhatIsThere() async throws {
        var options = ObjectStoreOptions.small
        options.maximumDatabasePages = 60
        let directory = try TemporaryDirectory()
        let written = try await withStore(in: directory, options: options) { store in
            let bucket = try await store.makeBucket()
            var written = 0
            while written < 10_000 {
                let outcome = await failure {
                    try await store.put(bucket, "key-\(written)", "text", tags: [Attribute("t", "v")])
                }
                if outcome != "none" {
                    #expect(outcome == "diskFull")
                    break
                }
                written += 1
            }
            // There is room for a few rows yet in pages that are not full.
            var blobs = 0
            while await failure({ try await store.put(bucket, "l\(blobs)", String(repeating: "x", count: 999)) })
                == "none"
            {
                blobs += 1
            }
            #expect(blobs < 100)
            #expect(try await store.text(bucket, "key-0") == "text")
            await store.settle()
            #expect(directory.files(below: "blobs").count == blobs)
            return written
        }
        #expect(written > 100 && written < 10_000)
        try await withStore(in: directory) { store in
            let bucket = try #require(try await store.bucket(named: "bucket"))
            for number in 0..<written { #expect(try await store.text(bucket, "key-\(number)") == "text") }
            try await store.put(bucket, "more", "v")
        }
    }

    @Test func damagedFilesAreToldAndHarmNothingElse() async throws {
        let directory = try TemporaryDirectory()
        let large = String(repeating: "large", count: 100)
        try await withStore(in: directory) { store in
            let bucket = try await store.makeBucket()
            try await store.put(bucket, "first", "first")
            try await store.put(bucket, "flipped", "flipped bits")
            try await store.put(bucket, "cut", "cut off")
            try await store.put(bucket, "large", large)
            try await store.put(bucket, "lost", large)
        }
        let segment = directory.path + "/segments/" + (try #require(directory.files(below: "segments").first))
        var bytes = try #require(FileManager.default.contents(atPath: segment))
        let flipped = try #require(bytes.range(of: Data("bits".utf8)))
        bytes[flipped.lowerBound] ^= 1
        let cut = try #require(bytes.range(of: Data("cut off".utf8)))
        try bytes.prefix(upTo: cut.lowerBound + 3).write(to: URL(fileURLWithPath: segment))

        try await withStore(in: directory) { store in
            let bucket = try #require(try await store.bucket(named: "bucket"))
            let blobs = directory.files(below: "blobs")
            #expect(blobs.count == 2)
            #expect(try await store.text(bucket, "first") == "first")
            #expect(await failure { _ = try await store.text(bucket, "flipped") } == "unreadable")
            #expect(await failure { _ = try await store.text(bucket, "cut") } == "unreadable")
            #expect(await failure { _ = try await store.read(bucket: bucket, key: "cut", .current) } == "unreadable")
            try FileManager.default.removeItem(atPath: directory.path + "/blobs/" + blobs[0])
            let handle = try #require(FileHandle(forUpdatingAtPath: directory.path + "/blobs/" + blobs[1]))
            try handle.truncate(atOffset: 10)
            #expect(await failure { _ = try await store.text(bucket, "large") } == "unreadable")
            #expect(await failure { _ = try await store.text(bucket, "lost") } == "unreadable")
            // Writing goes on, and what is damaged can be replaced and removed.
            try await store.put(bucket, "cut", "again")
            #expect(try await store.text(bucket, "cut") == "again")
            for key in ["flipped", "large", "lost"] { _ = try await store.delete(bucket: bucket, key: key, .current) }
            #expect(try await store.text(bucket, "first") == "first")
        }
    }

    @Test func aDatabaseThatIsNoneIsToldAtOnce() async throws {
        let directory = try TemporaryDirectory()
        try Data(repeating: 0x5a, count: 8192).write(to: URL(fileURLWithPath: directory.path + "/objects.sqlite"))
        #expect(await failure { try await withStore(in: directory) { _ in } } == "unreadable")

        let other = try TemporaryDirectory()
        try await withStore(in: other) { store in
            let bucket = try await store.makeBucket()
            for number in 0..<200 { try await store.put(bucket, "k\(number)", "v") }
        }
        let path = other.path + "/objects.sqlite"
        try #require(FileManager.default.contents(atPath: path)).prefix(8192).write(to: URL(fileURLWithPath: path))
        #expect(await failure { try await withStore(in: other) { _ in } } == "unreadable")
    }

    @Test func aNewerDatabaseIsRefused() async throws {
        let directory = try TemporaryDirectory()
        try await withStore(in: directory) { _ in }
        let database = try SQLiteConnection(path: directory.path + "/objects.sqlite", cacheKiB: 64)
        try database.execute("PRAGMA user_version = 99")
        database.close()
        #expect(await failure { try await withStore(in: directory) { _ in } } == "failed")
    }

    @Test func modes() async throws {
        let directory = try TemporaryDirectory()
        try await withStore(in: directory) { store in
            let bucket = try await store.makeBucket()
            try await store.put(bucket, "../../small", "s")
            try await store.put(bucket, "../../large", String(repeating: "l", count: 500))
            let all = FileManager.default.enumerator(atPath: directory.path)?.compactMap { $0 as? String } ?? []
            #expect(all.count >= 7)
            for name in all {
                let attributes = try FileManager.default.attributesOfItem(atPath: directory.path + "/" + name)
                let isDirectory = attributes[.type] as? FileAttributeType == .typeDirectory
                #expect(attributes[.posixPermissions] as? Int == (isDirectory ? 0o700 : 0o600), "\(name)")
            }
        }
    }

    @Test func theSweepTakesWhatNoRowNames() async throws {
        let directory = try TemporaryDirectory()
        try await withStore(in: directory) { store in
            let bucket = try await store.makeBucket()
            try await store.put(bucket, "small", "s")
            try await store.put(bucket, "large", String(repeating: "l", count: 500))
        }
        let kept = directory.files(below: "blobs") + directory.files(below: "segments")
        let garbage = [
            "blobs/ab", "blobs/ab/ab000000000000000000000000000001", "segments/00000000000fffff",
        ]
        try FileManager.default.createDirectory(
            atPath: directory.path + "/" + garbage[0], withIntermediateDirectories: true)
        for name in garbage.dropFirst() { try Data([1]).write(to: URL(fileURLWithPath: directory.path + "/" + name)) }
        try await withStore(in: directory) { store in
            await store.settle()
            #expect(directory.files(below: "blobs") + directory.files(below: "segments") == kept)
            let bucket = try #require(try await store.bucket(named: "bucket"))
            #expect(try await store.text(bucket, "small") == "s")
            #expect(try await store.text(bucket, "large").utf8.count == 500)
        }
    }

    @Test func segmentsThatAreMostlyDeadAreCompacted() async throws {
        let directory = try TemporaryDirectory()
        try await withStore(in: directory) { store in
            let bucket = try await store.makeBucket()
            let upload = try await store.begin(bucket, "upload")
            let open = try await store.begin(bucket, "open")
            let part = try await store.putPart(bucket, upload, 1, "part")
            for number in 0..<400 { try await store.put(bucket, "k\(number)", "text \(number)") }
            let version = try await store.complete(bucket, upload, [part])
            try await store.putPart(bucket, open, 7, "open part")
            for number in 0..<400 { try await store.put(bucket, "k\(number)", "more \(number)") }
            let full = try await store.statistics
            for number in 0..<400 where number % 20 != 0 {
                _ = try await store.delete(bucket: bucket, key: "k\(number)", .current)
            }
            await store.settle()
            let compacted = try await store.statistics
            #expect(compacted.segments < full.segments / 2)
            #expect(directory.files(below: "segments").count == compacted.segments)
            for number in stride(from: 0, to: 400, by: 20) {
                #expect(try await store.text(bucket, "k\(number)") == "more \(number)")
            }
            // Also by what was looked up before the record was moved.
            #expect(try await store.text(of: version) == "part")
            let last = try await store.parts(bucket: bucket, key: "open", uploadID: open.id, limit: 10)
            #expect(try await store.text(of: try await store.complete(bucket, open, last)) == "open part")
        }
    }

    @Test func sequencesGoOnAfterAReopen() async throws {
        let directory = try TemporaryDirectory()
        var last: Int64 = 0
        for _ in 0..<3 {
            last = try await withStore(in: directory) { store in
                let known = try await store.bucket(named: "bucket")
                let bucket = if let known { known } else { try await store.makeBucket("bucket", .enabled) }
                let version = try await store.put(bucket, "k", "v")
                #expect(version.sequence > last)
                _ = try await store.delete(bucket: bucket, key: "k", .version(version.id))
                return version.sequence
            }
        }
    }

    @Test func theLogDoesNotGrowWithoutEnd() async throws {
        let directory = try TemporaryDirectory()
        try await withStore(in: directory) { store in
            let bucket = try await store.makeBucket()
            for number in 0..<2000 { try await store.put(bucket, "k\(number % 500)", "v\(number)") }
            #expect(try await store.statistics.logPages <= 300)
        }
        #expect(FileManager.default.fileExists(atPath: directory.path + "/objects.sqlite-wal") == false)
    }
}
