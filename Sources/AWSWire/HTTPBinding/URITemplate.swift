import Ground

/// The path and query of an operation in a model: `/{Bucket}/{Key+}?tagging`.
enum URITemplate {
    /// Puts labels and query members in, percent-encoded; slashes stay in labels marked with `+`.
    /// - Throws: ``WireError/mistyped(member:expected:)`` where a label is missing or empty.
    static func expand(
        _ template: String, labels: [String: String], query: [(name: String, value: String)]
    ) throws(WireError) -> (path: String, query: String) {
        let parts = template.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var path = ""
        var rest = parts[0]
        while let opening = rest.firstIndex(of: "{"), let closing = rest[opening...].firstIndex(of: "}") {
            path += rest[..<opening]
            var name = rest[rest.index(after: opening)..<closing]
            let isGreedy = name.last == "+"
            if isGreedy { name.removeLast() }
            guard let value = labels[String(name)], !value.isEmpty else {
                throw .mistyped(member: String(name), expected: "text for the path")
            }
            path += PercentEncoding.encode(value, keepingSlash: isGreedy)
            rest = rest[rest.index(after: closing)...]
        }
        path += rest
        let fixed = parts.count > 1 ? [String(parts[1])] : []
        let fields = query.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
        return (path, (fixed + fields).joined(separator: "&"))
    }
}
