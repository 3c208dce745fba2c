import Ground

/// A walk through the keys of a bucket in byte order that lists them or rolls them up.
///
/// It steps through rows where the next one is wanted and seeks where many are not: past a common prefix, and past the
/// further versions of a key. So a page costs what it shows, however many keys lie behind a prefix; only keys that are
/// hidden by delete markers have to be looked at one by one.
struct Listing<Rows: ListedRows> {
    private var rows: Rows
    private let prefix: [UInt8]
    private let delimiter: [UInt8]
    private let limit: Int

    init(_ rows: Rows, _ query: ListQuery) {
        self.rows = rows
        prefix = Array(query.prefix.utf8)
        delimiter = Array((query.delimiter ?? "").utf8)
        limit = min(max(query.limit, 0), 1000)
    }

    /// - Parameter resume: goes on behind this row of the key `query.after`.
    mutating func page(_ query: ListQuery, resume: Int64? = nil) throws -> ListPage<Rows.Entry> {
        var page = ListPage<Rows.Entry>()
        guard limit > 0 else { return page }
        defer { rows.end() }
        var hasRow = try start(query, resume)
        while hasRow, rows.key(startsWith: prefix) {
            if rows.isHidden {
                hasRow = try rows.nextKey()
                continue
            }
            guard page.entries.count + page.commonPrefixes.count < limit else {
                page.isTruncated = true
                return page
            }
            if let rolledUp = rows.commonPrefix(prefixLength: prefix.count, delimiter: delimiter) {
                let text = String(decoding: rolledUp, as: UTF8.self)
                page.commonPrefixes.append(text)
                (page.next, page.nextVersion, page.nextUpload) = (text, nil, nil)
                guard let behind = ByteOrder.successor(ofPrefix: rolledUp) else { break }
                hasRow = try rows.seek(behind)
            } else {
                let entry = try rows.entry()
                page.entries.append(entry)
                rows.mark(&page, entry)
                hasRow = try rows.nextEntry()
            }
        }
        (page.next, page.nextVersion, page.nextUpload) = (nil, nil, nil)
        return page
    }

    /// Goes to the first row that is behind `query.after` and can have the prefix.
    private mutating func start(_ query: ListQuery, _ resume: Int64?) throws -> Bool {
        guard let after = query.after.map({ Array($0.utf8) }), !after.lexicographicallyPrecedes(prefix) else {
            return try rows.seek(prefix)
        }
        if let rolledUp = ByteOrder.commonPrefix(after, prefixLength: prefix.count, delimiter: delimiter),
            after.starts(with: prefix)
        {
            guard let behind = ByteOrder.successor(ofPrefix: rolledUp) else { return false }
            return try rows.seek(behind)
        }
        if let resume { return try rows.seek(within: after, behind: resume) }
        return try rows.seek(ByteOrder.successor(of: after))
    }
}

/// The rows that a ``Listing`` walks through, in the order of their keys.
protocol ListedRows {
    associatedtype Entry: Sendable

    /// Goes to the first row whose key is not less than `key`.
    /// - Returns: whether there is one.
    mutating func seek(_ key: [UInt8]) throws -> Bool
    /// Goes to the row of `key` behind the one with this sequence, or where there is none to the next key's.
    mutating func seek(within key: [UInt8], behind sequence: Int64) throws -> Bool
    /// Goes to the first row of the next key.
    mutating func nextKey() throws -> Bool
    /// Goes to the next row that can be shown: of the next key where a key is one entry.
    mutating func nextEntry() throws -> Bool
    /// Frees what the walk holds.
    func end()

    /// Whether the row, and its key with it, is not shown.
    var isHidden: Bool { get }
    func withKey<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value
    func entry() throws -> Entry
    /// Notes in the page that it ends with `entry`, should it end there.
    func mark(_ page: inout ListPage<Entry>, _ entry: Entry)
}

extension ListedRows {
    func key(startsWith prefix: [UInt8]) -> Bool { withKey { $0.starts(with: prefix) } }

    func commonPrefix(prefixLength: Int, delimiter: [UInt8]) -> [UInt8]? {
        guard !delimiter.isEmpty else { return nil }
        return withKey { ByteOrder.commonPrefix($0, prefixLength: prefixLength, delimiter: delimiter) }
    }
}

/// Keys are ordered by their UTF-8 bytes.
enum ByteOrder {
    /// The least key that is greater than `key`.
    static func successor(of key: [UInt8]) -> [UInt8] { key + [0] }

    /// The least key that is greater than all with this prefix; `nil` where there is none.
    static func successor(ofPrefix prefix: [UInt8]) -> [UInt8]? {
        var bytes = prefix
        while let last = bytes.popLast() {
            if last < 0xff { return bytes + [last + 1] }
        }
        return nil
    }

    /// What of `key` reaches up to and with the first delimiter behind the prefix.
    static func commonPrefix(
        _ key: some RandomAccessCollection<UInt8>, prefixLength: Int, delimiter: [UInt8]
    ) -> [UInt8]? {
        guard let first = delimiter.first, key.count >= prefixLength + delimiter.count else { return nil }
        var rest = key.dropFirst(prefixLength)
        while rest.count >= delimiter.count, let found = rest.firstIndex(of: first) {
            rest = rest[found...]
            if rest.starts(with: delimiter) {
                return Array(key.prefix(key.distance(from: key.startIndex, to: found) + delimiter.count))
            }
            rest = rest.dropFirst()
        }
        return nil
    }
}
