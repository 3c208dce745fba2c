import Ground
import ObjectStore
import Testing

@Suite struct ListingTests {
    @Test func fiveThousandVersionsOfAKey() async throws {
        try await withStore(options: ObjectStoreOptions()) { store in
            let bucket = try await store.makeBucket("bucket", .enabled)
            try await store.put(bucket, "a", "before")
            try await store.put(bucket, "z", "behind")
            var written: [VersionID] = []
            for _ in 0..<50 {
                written += try await withThrowingTaskGroup(of: VersionID.self) { group in
                    for _ in 0..<100 { group.addTask { try await store.put(bucket, "k", "v").id } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
            }
            #expect(Set(written).count == 5000)
            #expect(try await store.list(bucket: bucket, query: ListQuery()).entries.map(\.key) == ["a", "k", "z"])

            var query = ListQuery()
            var seen: [ObjectVersion] = []
            repeat {
                let page = try await store.listVersions(bucket: bucket, query: query)
                seen += page.entries
                query.after = page.next
                query.afterVersion = page.nextVersion
                if !page.isTruncated { break }
            } while true
            #expect(seen.count == 5002)
            #expect(Set(seen.map(\.id)).isSuperset(of: written))
            #expect(seen.filter(\.isCurrent).count == 3)
            let sequences = seen.filter { $0.key == "k" }.map(\.sequence)
            #expect(sequences == sequences.sorted(by: >))
        }
    }

    @Test func markersHideKeysAndPrefixes() async throws {
        try await withStore { store in
            let bucket = try await store.makeBucket("bucket", .enabled)
            for number in 0..<30 {
                for _ in 0..<12 { try await store.put(bucket, "dir\(number % 3)/k\(number)", "v") }
                if number % 3 == 1 { _ = try await store.delete(bucket: bucket, key: "dir1/k\(number)", .current) }
            }
            var query = ListQuery()
            query.delimiter = "/"
            #expect(try await store.list(bucket: bucket, query: query).commonPrefixes == ["dir0/", "dir2/"])
            #expect(
                try await store.listVersions(bucket: bucket, query: query).commonPrefixes == [
                    "dir0/", "dir1/", "dir2/",
                ])
            query.limit = 2
            // Only hidden keys lie behind: the page is whole.
            query.prefix = "dir"
            #expect(try await store.list(bucket: bucket, query: query).isTruncated == false)
            query.limit = 0
            let empty = try await store.list(bucket: bucket, query: query)
            #expect(empty.entries.isEmpty && empty.commonPrefixes.isEmpty && !empty.isTruncated)
        }
    }

    @Test func goesOnBehindAVersionThatIsGone() async throws {
        try await withStore { store in
            let bucket = try await store.makeBucket("bucket", .enabled)
            var ids: [VersionID] = []
            for number in 0..<4 { ids.append(try await store.put(bucket, "k", "\(number)").id) }
            try await store.put(bucket, "l", "l")
            _ = try await store.delete(bucket: bucket, key: "k", .version(ids[3]))
            var query = ListQuery()
            query.after = "k"
            query.afterVersion = ids[3]
            let page = try await store.listVersions(bucket: bucket, query: query)
            #expect(page.entries.map(\.id).prefix(3) == [ids[2], ids[1], ids[0]])
            #expect(page.entries.map(\.isCurrent) == [true, false, false, true])
            query.afterVersion = .opaque("no version id")
            #expect(
                await failure { _ = try await store.listVersions(bucket: bucket, query: query) } == "malformedVersionID"
            )
        }
    }

    @Test func idsThatAreNot() async throws {
        try await withStore { store in
            let bucket = try await store.makeBucket("bucket", .enabled)
            let version = try await store.put(bucket, "k", "v")
            let other = try await store.put(bucket, "other", "v")
            #expect(version.id.text.utf8.count == 32)
            let cases: [(VersionID, String)] = [
                (other.id, "noSuchVersion"), (.null, "noSuchVersion"),
                (.opaque(String(repeating: "A", count: 32)), "noSuchVersion"),
                (.opaque(String(repeating: "_", count: 32)), "noSuchVersion"),
                (.opaque(String(repeating: "A", count: 31)), "malformedVersionID"),
                (.opaque(String(repeating: "+", count: 32)), "malformedVersionID"), (.opaque(""), "malformedVersionID"),
                (.opaque(String(version.id.text.reversed())), "noSuchVersion"),
            ]
            for (id, expected) in cases {
                #expect(
                    await failure { _ = try await store.version(bucket: bucket, key: "k", .version(id)) } == expected)
            }
            #expect(
                await failure {
                    _ = try await store.delete(bucket: bucket, key: "k", .version(.opaque("x")))
                } == "malformedVersionID")
            let absent = VersionID.opaque(String(repeating: "A", count: 32))
            let result = try await store.delete(bucket: bucket, key: "k", .version(absent))
            #expect(result.versionID == absent && !result.isDeleteMarker)
        }
    }
}
