import Ground

/// A request target in its parts, raw and decoded.
struct RequestTarget {
    /// As sent, up to the `?`.
    let rawPath: String
    /// As sent, behind the `?`.
    let rawQuery: String
    /// Decoded, in the order sent; a name without `=` has no value.
    let query: [(name: String, value: String?)]

    /// More are not accepted.
    static let maximumQueryItems = 512

    /// `nil` where an escape is broken, a name is no UTF-8, or there are too many items.
    init?(_ uri: String) {
        let bytes = uri.utf8
        if let mark = bytes.firstIndex(of: UInt8(ascii: "?")) {
            rawPath = String(uri[..<mark])
            rawQuery = String(uri[bytes.index(after: mark)...])
        } else {
            rawPath = uri
            rawQuery = ""
        }
        guard !rawQuery.isEmpty else {
            query = []
            return
        }
        var items: [(name: String, value: String?)] = []
        for item in rawQuery.utf8.split(separator: UInt8(ascii: "&")) {
            let parts = item.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(Substring(parts[0]), plusIsSpace: true) else { return nil }
            var value: String?
            if parts.count > 1 {
                guard let decoded = PercentEncoding.decode(Substring(parts[1]), plusIsSpace: true) else { return nil }
                value = decoded
            }
            items.append((name, value))
            guard items.count <= Self.maximumQueryItems else { return nil }
        }
        query = items
    }

    subscript(name: String) -> String? { query.first { $0.name == name }.map { $0.value ?? "" } }
}
