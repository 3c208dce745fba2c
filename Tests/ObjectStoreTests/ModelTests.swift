import Ground
import ObjectStore
import Testing

/// What S3's rules say, in memory and the simple way: random operations must leave the store and this alike.
struct Model {
    struct Version: Equatable {
        var id: VersionID
        var isMarker: Bool
        var text: String
        var tags: [Attribute]
    }
    var versioning = VersioningState.neverSet
    /// Newest first. By the keys' bytes, for strings of different bytes can be equal.
    private var keys: [[UInt8]: [Version]] = [:]

    subscript(_ key: String) -> [Version] {
        get { keys[Array(key.utf8)] ?? [] }
        set { keys[Array(key.utf8)] = newValue.isEmpty ? nil : newValue }
    }

    mutating func put(_ key: String, _ version: Version) {
        if versioning != .enabled { self[key].removeAll { $0.id == .null } }
        self[key].insert(version, at: 0)
    }

    mutating func delete(_ key: String, inserted marker: VersionID?) {
        switch versioning {
        case .neverSet: self[key] = []
        case .enabled, .suspended:
            put(key, Version(id: marker ?? .null, isMarker: true, text: "", tags: []))
        }
    }

    mutating func delete(_ key: String, version: VersionID) {
        self[key].removeAll { $0.id == version }
    }

    enum Line: Equatable {
        case entry(key: [UInt8], id: VersionID, isCurrent: Bool)
        case prefix(String)
    }

    /// All lines of a listing that starts where `query` says, without its limit.
    func lines(_ query: ListQuery, all: Bool) -> [Line] {
        var lines: [Line] = []
        let after = query.after.map { Array($0.utf8) }
        for key in keys.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) where key.starts(with: query.prefix.utf8)
        {
            guard let versions = keys[key], let newest = versions.first, all || !newest.isMarker else { continue }
            if let prefix = Self.commonPrefix(key, query) {
                let isPast = after.map { $0.starts(with: prefix) || !$0.lexicographicallyPrecedes(key) }
                if isPast != true, lines.last != .prefix(String(decoding: prefix, as: UTF8.self)) {
                    lines.append(.prefix(String(decoding: prefix, as: UTF8.self)))
                }
                continue
            }
            var shown = all ? versions[...] : versions.prefix(1)
            if let after, !after.lexicographicallyPrecedes(key) {
                guard after == key, let marker = query.afterVersion else { continue }
                shown = versions.drop { $0.id != marker }.dropFirst()
            }
            lines += shown.map { .entry(key: key, id: $0.id, isCurrent: $0 == newest) }
        }
        return lines
    }

    private static func commonPrefix(_ bytes: [UInt8], _ query: ListQuery) -> [UInt8]? {
        guard let delimiter = query.delimiter.map({ Array($0.utf8) }), !delimiter.isEmpty else { return nil }
        for start in query.prefix.utf8.count..<max(bytes.count, query.prefix.utf8.count)
        where bytes[start...].starts(with: delimiter) {
            return Array(bytes[..<(start + delimiter.count)])
        }
        return nil
    }
}

@Suite struct ModelTests {
    private static let keys = [
        "a", "a/", "a/b", "a/b/c", "a//b", "a0", "aa", "../../etc/passwd", ".", "..", "/", "//", "%2F", "k\u{0}",
        "k\u{1}",
        "k", "\u{7f}", "é", "e\u{301}", "ж/я", "\u{FFFF}", "\u{1F600}", "\u{1F600}/x", "\u{10FFFF}", "a/b\u{0}",
        String(repeating: "long/", count: 204) + "end", "b-1", "b-2", "b--3",
    ]
    private static let prefixes = ["", "", "a", "a/", "a/b", "k", "\u{1F600}", "zz", "b-", "/", "\u{10FFFF}"]
    private static let delimiters: [String?] = [nil, "/", "/", "-", "b", "//", "\u{1F600}", "--"]

    @Test(arguments: 0..<12)
    func storeAndModelAreAlike(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let directory = try TemporaryDirectory()
        var model = Model()
        for round in 0..<3 {
            try await withStore(in: directory) { store in
                let bucket =
                    round == 0 ? try await store.makeBucket() : try #require(try await store.bucket(named: "bucket"))
                for _ in 0..<120 {
                    try await step(store, bucket, &model, &random)
                }
                try await checkContents(store, bucket, model)
                try await checkListings(store, bucket, model, &random)
            }
        }
    }

    private func step(
        _ store: ObjectStore, _ bucket: Bucket, _ model: inout Model, _ random: inout SeededGenerator
    ) async throws {
        let key = Self.keys.randomElement(using: &random) ?? "k"
        let versions = model[key]
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<9:
            let text = String(repeating: "v", count: Int.random(in: 0..<150, using: &random)) + key
            let tags = Bool.random(using: &random) ? [Attribute("t", "\(text.count)")] : []
            let written = try await store.put(bucket, key, text, tags: tags)
            #expect(written.isCurrent)
            #expect((written.id == .null) == (model.versioning != .enabled))
            model.put(key, .init(id: written.id, isMarker: false, text: text, tags: tags))
        case 9..<13:
            let result = try await store.delete(bucket: bucket, key: key, .current)
            #expect(result.isDeleteMarker == (model.versioning != .neverSet))
            model.delete(key, inserted: result.versionID)
        case 13..<16:
            let id = versions.randomElement(using: &random)?.id ?? .null
            let result = try await store.delete(bucket: bucket, key: key, .version(id))
            #expect(result.isDeleteMarker == versions.contains { $0.id == id && $0.isMarker })
            model.delete(key, version: id)
        case 16:
            let state = Bool.random(using: &random) ? VersioningState.enabled : .suspended
            #expect(try await store.setVersioning(bucket: bucket, state).versioning == state)
            model.versioning = state
        case 17:
            guard let index = versions.indices.randomElement(using: &random), !versions[index].isMarker else { return }
            let tags = [Attribute("n", "\(index)")]
            try await store.setTags(bucket: bucket, key: key, .version(versions[index].id), tags)
            model[key][index].tags = tags
        case 18:
            guard let current = versions.first, !current.isMarker else { return }
            let source = try await store.version(bucket: bucket, key: key, .current)
            let target = Self.keys.randomElement(using: &random) ?? "k"
            let copy = try await store.copy(
                from: source, in: bucket, to: bucket, key: target, condition: .none, checksums: []
            ) { _ in source.attributes }
            model.put(target, .init(id: copy.id, isMarker: false, text: current.text, tags: current.tags))
        default:
            let doomed = (0..<3).map { _ in Self.keys.randomElement(using: &random) ?? "k" }
            let results = try await store.deleteMany(bucket: bucket, doomed.map { ($0, .current) })
            for (key, result) in zip(doomed, results) { model.delete(key, inserted: try result.get().versionID) }
        }
    }

    private func checkContents(_ store: ObjectStore, _ bucket: Bucket, _ model: Model) async throws {
        for key in Self.keys {
            let versions = model[key]
            guard !versions.isEmpty else {
                #expect(
                    await failure { _ = try await store.version(bucket: bucket, key: key, .current) } == "noSuchKey")
                continue
            }
            #expect(try await store.version(bucket: bucket, key: key, .current).id == versions[0].id)
            for (index, expected) in versions.enumerated() {
                let version = try await store.version(bucket: bucket, key: key, .version(expected.id))
                #expect(version.isDeleteMarker == expected.isMarker)
                #expect(version.isCurrent == (index == 0))
                #expect(version.attributes.tags == expected.tags)
                if !expected.isMarker { #expect(try await store.text(of: version) == expected.text) }
            }
        }
    }

    private func checkListings(
        _ store: ObjectStore, _ bucket: Bucket, _ model: Model, _ random: inout SeededGenerator
    ) async throws {
        for _ in 0..<60 {
            var query = ListQuery()
            query.prefix = Self.prefixes.randomElement(using: &random) ?? ""
            query.delimiter = Self.delimiters.randomElement(using: &random) ?? nil
            query.limit = Int.random(in: 1...8, using: &random)
            if Int.random(in: 0..<3, using: &random) == 0 { query.after = Self.keys.randomElement(using: &random) }
            let all = Bool.random(using: &random)
            var pages = 0
            while true {
                let lines = model.lines(query, all: all)
                let page =
                    all
                    ? try await store.listVersions(bucket: bucket, query: query)
                    : try await store.list(bucket: bucket, query: query)
                let expected = lines.prefix(query.limit)
                #expect(
                    page.entries.map { Model.Line.entry(key: Array($0.key.utf8), id: $0.id, isCurrent: $0.isCurrent) }
                        == expected.filter { if case .entry = $0 { true } else { false } })
                #expect(
                    page.commonPrefixes.map { Model.Line.prefix($0) }
                        == expected.filter { if case .prefix = $0 { true } else { false } })
                #expect(page.isTruncated == (lines.count > query.limit))
                guard page.isTruncated, pages < 100 else { break }
                query.after = page.next
                query.afterVersion = page.nextVersion
                pages += 1
            }
        }
    }
}
