/// ETags in conditions and part lists: clients send them with quotes, without, weak, or several at once.
enum S3ETag {
    /// The tag alone.
    static func bare(_ text: some StringProtocol) -> String {
        var text = text.drop { $0 == " " }
        if text.hasPrefix("W/") { text = text.dropFirst(2) }
        return String(text.filter { $0 != "\"" && $0 != " " })
    }

    static func quoted(_ etag: String) -> String { "\"\(etag)\"" }

    /// Whether a list of tags, or `*`, holds this one.
    static func list(_ list: String, holds etag: String) -> Bool {
        list.split(separator: ",").contains { bare($0) == "*" || bare($0) == etag }
    }
}
