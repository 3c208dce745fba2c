import Ground
import NIOCore
import ObjectStore
import Testing

@Suite struct WriteTests {
    @Test func whatWasWrittenIsRead() async throws {
        try await withStore { store in
            let bucket = try await store.makeBucket()
            for text in ["", "a", String(repeating: "x", count: 100), String(repeating: "y", count: 101)] {
                let written = try await store.put(bucket, "k", text)
                #expect(written.size == text.utf8.count)
                #expect(try await store.text(bucket, "k") == text)
                let (version, content) = try await store.read(bucket: bucket, key: "k", .current)
                #expect(version.attributes == written.attributes)
                #expect((content == nil) == (text.count > 100))
            }
        }
    }

    @Test func attributesComeBackWhole() async throws {
        let directory = try TemporaryDirectory()
        var attributes = ObjectAttributes()
        attributes.etag = "e"
        attributes.contentType = "text/html; charset=utf-8"
        attributes.headers = [Attribute("Cache-Control", "no-store"), Attribute("Expires", "")]
        attributes.metadata = [Attribute("größe", "\u{1F600}"), Attribute("b", String(repeating: "v", count: 2000))]
        attributes.tags = [Attribute("t", "1"), Attribute("", "")]
        attributes.storageClass = "GLACIER"
        attributes.checksum = StoredChecksum(algorithm: .sha256, value: "abc=-3", kind: .composite)
        let expected = attributes
        try await withStore(in: directory) { store in
            let bucket = try await store.makeBucket()
            _ = try await store.put(
                bucket: bucket, key: "k", condition: .none, checksums: Set(ChecksumAlgorithm.allCases),
                body: ByteStream("123456789")
            ) { body in
                #expect(Hex.encode(body.md5) == "25f9e794323b453885f5181f1b624d0b")
                #expect(body.checksums[.crc32c] == [0xe3, 0x06, 0x92, 0x83])
                #expect(body.checksums.count == ChecksumAlgorithm.allCases.count)
                return expected
            }
        }
        try await withStore(in: directory) { store in
            let bucket = try #require(try await store.bucket(named: "bucket"))
            #expect(try await store.version(bucket: bucket, key: "k", .current).attributes == expected)
        }
    }

    @Test func aRefusedBodyLeavesNothing() async throws {
        struct Refusal: Error {}
        let directory = try TemporaryDirectory()
        try await withStore(in: directory) { store in
            let bucket = try await store.makeBucket()
            for size in [10, 5000] {
                await #expect(throws: Refusal.self) {
                    _ = try await store.put(
                        bucket: bucket, key: "k", condition: .none, checksums: [],
                        body: ByteStream(String(repeating: "x", count: size))
                    ) { _ in throw Refusal() }
                }
                let pieces = Pieces(count: size / 10)
                await #expect(throws: Pieces.Cut.self) {
                    let body = ByteStream(length: nil) { try pieces.next() }
                    _ = try await store.put(
                        bucket: bucket, key: "k", condition: .none, checksums: [], body: body
                    ) { _ in ObjectAttributes() }
                }
            }
            #expect(await failure { _ = try await store.version(bucket: bucket, key: "k", .current) } == "noSuchKey")
        }
        #expect(directory.files(below: "blobs").isEmpty)
    }

    /// Gives chunks of 10 bytes and is then cut short.
    private final class Pieces: Sendable {
        struct Cut: Error {}
        private let left: CountDown
        init(count: Int) { left = CountDown(count) }
        func next() throws -> ByteBuffer? {
            guard left.take() else { throw Cut() }
            return ByteBuffer(string: "0123456789")
        }
    }

    @Test func manyWritesShareACommit() async throws {
        try await withStore { store in
            let bucket = try await store.makeBucket()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<400 { group.addTask { try await store.put(bucket, "k\(number)", "v\(number)") } }
                try await group.waitForAll()
            }
            for number in 0..<400 { #expect(try await store.text(bucket, "k\(number)") == "v\(number)") }
            let statistics = try await store.statistics
            #expect(statistics.writes == 401)
            #expect(statistics.commits < 401)
        }
    }

    @Test func oneFailureInABatchHarmsNobodyElse() async throws {
        try await withStore { store in
            let bucket = try await store.makeBucket()
            let gone = try await store.makeBucket("gone")
            try await store.deleteBucket(named: "gone")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        guard number.isMultiple(of: 5) else {
                            return _ = try await store.put(bucket, "k\(number)", "v")
                        }
                        #expect(await failure { try await store.put(gone, "k", "v") } == "noSuchBucket")
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.list(bucket: bucket, query: ListQuery()).entries.count == 160)
        }
    }

    @Test(arguments: [VersioningState.neverSet, .enabled, .suspended])
    func ofRacingWritersOneWins(_ state: VersioningState) async throws {
        try await withStore { store in
            let bucket = try await store.makeBucket("bucket", state)
            let outcomes = await withTaskGroup(of: String.self) { group in
                for number in 0..<64 {
                    group.addTask { await failure { try await store.put(bucket, "k", "v\(number)", .ifAbsent) } }
                }
                return await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(outcomes == ["none": 1, "preconditionFailed": 63])
        }
    }

    @Test func conditions() async throws {
        try await withStore { store in
            let bucket = try await store.makeBucket("bucket", .enabled)
            #expect(await failure { try await store.put(bucket, "k", "1", .ifMatch("*")) } == "noSuchKey")
            let first = try await store.put(bucket, "k", "1", .ifAbsent)
            #expect(await failure { try await store.put(bucket, "k", "2", .ifMatch("other")) } == "preconditionFailed")
            let second = try await store.put(bucket, "k", "2", .ifMatch(first.attributes.etag))
            #expect(
                await failure {
                    _ = try await store.delete(
                        bucket: bucket, key: "k", .current, condition: .ifMatch(first.attributes.etag))
                } == "preconditionFailed")
            _ = try await store.delete(bucket: bucket, key: "k", .current, condition: .ifMatch(second.attributes.etag))
            // A delete marker counts as nothing.
            #expect(await failure { try await store.put(bucket, "k", "3", .ifMatch("*")) } == "noSuchKey")
            try await store.put(bucket, "k", "3", .ifAbsent)
        }
    }

    @Test func buckets() async throws {
        try await withStore { store in
            let bucket = try await store.makeBucket()
            #expect(try await store.bucket(named: "bucket") == bucket)
            #expect(try await store.bucket(named: "other") == nil)
            #expect(await failure { _ = try await store.makeBucket() } == "bucketExists")
            try await store.setConfiguration(bucket: bucket, name: "policy", value: [1, 2, 3])
            #expect(try await store.configuration(bucket: bucket, name: "policy") == [1, 2, 3])
            try await store.setConfiguration(bucket: bucket, name: "policy", value: nil)
            #expect(try await store.configuration(bucket: bucket, name: "policy") == nil)
            try await store.setVersioning(bucket: bucket, .enabled)
            #expect(try await store.bucket(named: "bucket")?.versioning == .enabled)

            let upload = try await store.begin(bucket, "k")
            try await store.putPart(bucket, upload, 1, String(repeating: "p", count: 500))
            let marker = try await store.delete(bucket: bucket, key: "k", .current)
            #expect(await failure { try await store.deleteBucket(named: "bucket") } == "bucketNotEmpty")
            _ = try await store.delete(bucket: bucket, key: "k", .version(try #require(marker.versionID)))
            try await store.deleteBucket(named: "bucket")
            #expect(try await store.bucket(named: "bucket") == nil)
            let again = try await store.makeBucket()
            #expect(again.id != bucket.id)
            #expect(await failure { try await store.put(bucket, "k", "v") } == "noSuchBucket")
            _ = try await store.createBucket(name: "a", account: "2", region: "r")
            #expect(try await store.buckets(account: "2", limit: 10).map(\.name) == ["a"])
            #expect(try await store.buckets(after: "a", limit: 10).map(\.name) == ["bucket"])
            #expect(try await store.buckets(prefix: "b", limit: 10).map(\.name) == ["bucket"])

            try await store.removeEverything()
            #expect(try await store.bucket(named: "bucket") == nil)
            #expect(try await store.buckets(limit: 10).isEmpty)
            try await store.put(try await store.makeBucket("fresh"), "k", "v")
        }
    }

    @Test func copiesShareTheFile() async throws {
        let directory = try TemporaryDirectory()
        try await withStore(in: directory) { store in
            let bucket = try await store.makeBucket()
            for text in ["small", String(repeating: "large", count: 100)] {
                let source = try await store.put(bucket, "source", text)
                let copy = try await store.copy(
                    from: source, in: bucket, to: bucket, key: "copy", condition: .none, checksums: [.crc32]
                ) { body in
                    #expect(Hex.encode(body.md5) == source.attributes.etag)
                    #expect(body.checksums[.crc32]?.count == 4)
                    return source.attributes
                }
                _ = try await store.delete(bucket: bucket, key: "source", .current)
                await store.settle()
                #expect(try await store.text(of: copy) == text)
            }
        }
        #expect(directory.files(below: "blobs").count == 1)
    }

    @Test func aReaderGoesOnWhenTheVersionIsRemoved() async throws {
        let directory = try TemporaryDirectory()
        try await withStore(in: directory) { store in
            let bucket = try await store.makeBucket()
            let text = String(repeating: "x", count: 3000)
            let version = try await store.put(bucket, "k", text)
            let stream = try await store.content(of: version, range: 1000..<2500)
            _ = try await store.delete(bucket: bucket, key: "k", .current)
            await store.settle()
            #expect(directory.files(below: "blobs").isEmpty)
            #expect(try await stream.collect(upTo: 5000).readableBytes == 1500)
            #expect(await failure { _ = try await store.content(of: version) } == "noSuchVersion")
        }
    }

    @Test func aLongBodyIsStreamed() async throws {
        let directory = try TemporaryDirectory()
        try await withStore(in: directory, options: ObjectStoreOptions()) { store in
            let bucket = try await store.makeBucket()
            let chunk = ByteBuffer(bytes: (0..<100_003).map { UInt8(truncatingIfNeeded: $0 &* 31) })
            let left = CountDown(250)
            let body = ByteStream(
                length: nil, trailers: { [("x-amz-checksum-crc32", "t")] }, next: { left.take() ? chunk : nil })
            var expected = ChecksumHasher(.crc64nvme)
            for _ in 0..<250 { expected.update(chunk) }
            let checksum = expected.finalize()
            let version = try await store.put(
                bucket: bucket, key: "k", condition: .none, checksums: [.crc64nvme], body: body
            ) { body in
                #expect(body.size == 25_000_750)
                #expect(body.checksums == [.crc64nvme: checksum])
                #expect(body.trailers.map(\.value) == ["t"])
                return ObjectAttributes()
            }
            var reader = try await store.content(of: version).makeReader()
            var read = ChecksumHasher(.crc64nvme)
            while let chunk = try await reader.next() { read.update(chunk) }
            #expect(read.finalize() == checksum)
        }
    }

    @Test func resetWhileOthersWrite() async throws {
        let directory = try TemporaryDirectory()
        try await withStore(in: directory) { store in
            let bucket = try await store.makeBucket()
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        let size = number % 2 == 0 ? 10 : 300
                        let text = String(repeating: "x", count: size)
                        _ = await failure { try await store.put(bucket, "k\(number)", text) }
                    }
                    if number == 50 { group.addTask { try? await store.removeEverything() } }
                }
            }
            await store.settle()
            #expect(directory.files(below: "blobs").isEmpty)
            let fresh = try await store.makeBucket("fresh")
            try await store.put(fresh, "k", "v")
            #expect(try await store.text(fresh, "k") == "v")
        }
        try await withStore(in: directory) { store in
            let fresh = try #require(try await store.bucket(named: "fresh"))
            #expect(try await store.text(fresh, "k") == "v")
            await store.settle()
            #expect(directory.files(below: "segments").count == 1)
        }
    }

    @Test func afterClosingNothingHangs() async throws {
        let directory = try TemporaryDirectory()
        let store = try ObjectStore(directory: directory.path, clock: testClock)
        let bucket = try await store.makeBucket()
        await store.close()
        #expect(await failure { try await store.put(bucket, "k", "v") } == "closed")
        #expect(await failure { _ = try await store.version(bucket: bucket, key: "k", .current) } == "closed")
        await store.close()
    }
}
