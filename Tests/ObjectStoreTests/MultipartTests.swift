import Ground
import ObjectStore
import Testing

@Suite struct MultipartTests {
    @Test func partsBecomeAnObject() async throws {
        let directory = try TemporaryDirectory()
        let texts = [String(repeating: "a", count: 300), String(repeating: "b", count: 200), "tail"]
        try await withStore(in: directory) { store in
            let bucket = try await store.makeBucket("bucket", .enabled)
            let upload = try await store.begin(bucket, "k")
            var parts: [UploadedPart] = []
            for (index, text) in texts.enumerated() {
                try await store.putPart(bucket, upload, 2 * index + 1, "replaced " + text)
                parts.append(try await store.putPart(bucket, upload, 2 * index + 1, text))
            }
            try await store.putPart(bucket, upload, 9, String(repeating: "dropped", count: 50))
            let listed = try await store.parts(bucket: bucket, key: "k", uploadID: upload.id, after: 1, limit: 2)
            #expect(listed.map(\.number) == [3, 5])

            let version = try await store.complete(bucket, upload, parts, minimum: 200)
            #expect(version.size == 504)
            #expect(version.parts.map(\.number) == [1, 3, 5])
            #expect(version.lastModified == upload.initiated)
            let again = try await store.complete(bucket, upload, parts, minimum: 200)
            #expect(again.id == version.id)
            #expect(
                await failure { try await store.complete(bucket, upload, Array(parts.dropLast())) } == "noSuchUpload")
            #expect(await failure { try await store.putPart(bucket, upload, 1, "late") } == "noSuchUpload")
            await store.settle()
        }
        #expect(directory.files(below: "blobs").count == 2)
        try await withStore(in: directory) { store in
            let bucket = try #require(try await store.bucket(named: "bucket"))
            let version = try await store.version(bucket: bucket, key: "k", .current)
            let whole = texts.joined()
            #expect(try await store.text(of: version) == whole)
            #expect(try await store.text(of: version, range: 295..<503) == String(whole.dropFirst(295).dropLast()))
            #expect(try await store.text(of: version, range: 501..<503) == "ai")
            let listed = try await store.list(bucket: bucket, query: ListQuery()).entries
            #expect(try await store.text(of: listed[0]) == whole)
            _ = try await store.delete(bucket: bucket, key: "k", .version(version.id))
            await store.settle()
        }
        #expect(directory.files(below: "blobs").isEmpty)
    }

    @Test func theOneInitiatedLaterIsCurrent() async throws {
        try await withStore { store in
            let bucket = try await store.makeBucket("bucket", .enabled)
            let first = try await store.begin(bucket, "k")
            let second = try await store.begin(bucket, "k")
            let one = try await store.putPart(bucket, first, 1, "first")
            let two = try await store.putPart(bucket, second, 1, "second")
            let newer = try await store.complete(bucket, second, [two])
            #expect(newer.isCurrent)
            let older = try await store.complete(bucket, first, [one])
            #expect(!older.isCurrent)
            #expect(try await store.text(bucket, "k") == "second")
            #expect(try await store.text(bucket, "k", .version(older.id)) == "first")
            let listed = try await store.listVersions(bucket: bucket, query: ListQuery()).entries
            #expect(listed.map(\.id) == [newer.id, older.id])
        }
    }

    @Test func withoutVersioningTheCompletionReplaces() async throws {
        try await withStore { store in
            let bucket = try await store.makeBucket()
            let upload = try await store.begin(bucket, "k")
            let part = try await store.putPart(bucket, upload, 1, "parts")
            try await store.put(bucket, "k", "whole")
            #expect(
                await failure { try await store.complete(bucket, upload, [part], .ifAbsent) } == "preconditionFailed")
            let version = try await store.complete(bucket, upload, [part])
            #expect(version.id == .null && version.isCurrent)
            #expect(try await store.text(bucket, "k") == "parts")
            #expect(try await store.listVersions(bucket: bucket, query: ListQuery()).entries.count == 1)
        }
    }

    @Test func whatIsWrongWithAList() async throws {
        struct Refusal: Error {}
        try await withStore { store in
            let bucket = try await store.makeBucket()
            let upload = try await store.begin(bucket, "k")
            let one = try await store.putPart(bucket, upload, 1, "1")
            let two = try await store.putPart(bucket, upload, 2, "2")
            let lost = UploadedPart(number: 3, size: 1, etag: "e", lastModified: upload.initiated, checksum: nil)
            let wrong = UploadedPart(number: 2, size: 1, etag: "e", lastModified: upload.initiated, checksum: nil)
            #expect(await failure { try await store.complete(bucket, upload, [two, one]) } == "invalidPartOrder")
            #expect(await failure { try await store.complete(bucket, upload, [one, one]) } == "invalidPartOrder")
            #expect(await failure { try await store.complete(bucket, upload, [one, lost]) } == "invalidPart")
            #expect(await failure { try await store.complete(bucket, upload, [one, wrong]) } == "invalidPart")
            #expect(
                await failure { try await store.complete(bucket, upload, [one, two], minimum: 2) } == "partTooSmall")
            await #expect(throws: Refusal.self) {
                _ = try await store.completeUpload(
                    bucket: bucket, key: "k", uploadID: upload.id, parts: [(1, one.etag, nil)], minimumPartSize: 0,
                    condition: .none
                ) { _ in throw Refusal() }
            }
            // None of it has harmed the upload.
            try await store.complete(bucket, upload, [one, two], minimum: 1)
            #expect(try await store.text(bucket, "k") == "12")
        }
    }

    @Test func abortFreesAll() async throws {
        let directory = try TemporaryDirectory()
        try await withStore(in: directory) { store in
            let bucket = try await store.makeBucket()
            let upload = try await store.begin(bucket, "k")
            for number in 1...3 { try await store.putPart(bucket, upload, number, String(repeating: "p", count: 200)) }
            try await store.abortUpload(bucket: bucket, key: "k", id: upload.id)
            #expect(
                await failure { _ = try await store.upload(bucket: bucket, key: "k", id: upload.id) } == "noSuchUpload")
            #expect(
                await failure { try await store.abortUpload(bucket: bucket, key: "k", id: upload.id) } == "noSuchUpload"
            )
            await store.settle()
        }
        #expect(directory.files(below: "blobs").isEmpty)
    }

    @Test func uploadsAreListed() async throws {
        try await withStore { store in
            let bucket = try await store.makeBucket()
            var uploads: [MultipartUpload] = []
            for key in ["a/1", "a/2", "b", "b", "b", "c"] { uploads.append(try await store.begin(bucket, key)) }
            var query = ListQuery()
            #expect(try await store.uploads(bucket: bucket, query: query).entries.map(\.id) == uploads.map(\.id))
            query.delimiter = "/"
            query.limit = 3
            let page = try await store.uploads(bucket: bucket, query: query)
            #expect(page.commonPrefixes == ["a/"])
            #expect(page.entries.map(\.id) == [uploads[2].id, uploads[3].id])
            #expect(page.isTruncated && page.next == "b" && page.nextUpload == uploads[3].id)
            query.after = page.next
            let rest = try await store.uploads(bucket: bucket, query: query, afterUpload: page.nextUpload)
            #expect(rest.entries.map(\.id) == [uploads[4].id, uploads[5].id])
            #expect(!rest.isTruncated)
        }
    }

    @Test func partsAreCopied() async throws {
        try await withStore { store in
            let bucket = try await store.makeBucket()
            let small = try await store.put(bucket, "small", "0123456789")
            let large = try await store.put(bucket, "large", String(repeating: "0123456789", count: 30))
            let upload = try await store.begin(bucket, "k")
            var parts: [UploadedPart] = []
            for (source, range) in [(large, nil), (large, 5..<120), (small, 3..<5)] as [(ObjectVersion, Range<Int64>?)]
            {
                parts.append(
                    try await store.copyPart(
                        from: source, in: bucket, range: range, bucket: bucket, key: "k", uploadID: upload.id,
                        number: parts.count + 1, checksums: []
                    ) { (Hex.encode($0.md5), nil) })
            }
            let version = try await store.complete(bucket, upload, parts)
            let text = String(repeating: "0123456789", count: 30)
            #expect(try await store.text(of: version) == text + text.dropFirst(5).prefix(115) + "34")
        }
    }

    @Test func anObjectOfVeryManyParts() async throws {
        try await withStore { store in
            let bucket = try await store.makeBucket()
            let upload = try await store.begin(bucket, "k")
            var parts: [UploadedPart] = []
            var whole = ""
            for number in 1...200 {
                let text = String(repeating: "\(number),", count: number % 3 == 0 ? 1 : 60)
                whole += text
                parts.append(try await store.putPart(bucket, upload, number, text))
            }
            let version = try await store.complete(bucket, upload, parts)
            #expect(try await store.text(of: version) == whole)
            #expect(try await store.text(of: version, range: 100..<5000) == String(whole.dropFirst(100).prefix(4900)))
        }
    }
}
