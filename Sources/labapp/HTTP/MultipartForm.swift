import NIOCore

/// Reads `multipart/form-data` (RFC 7578), as `curl -F` and browsers send it.
enum MultipartForm {
    /// More fields than any form of this app.
    private static let maximumParts = 32

    /// The parts by the name of their field.
    /// - Throws: ``AppError`` where the body is no such form, or a field no UTF-8.
    static func fields(of body: ByteBuffer, contentType: String) throws(AppError) -> [String: String] {
        guard let boundary = parameter("boundary", of: contentType), (1...70).contains(boundary.utf8.count) else {
            throw malformed
        }
        // A line break in front lets the first boundary look like all others.
        let bytes = Array("\r\n".utf8) + body.readableBytesView
        let delimiter = Array("\r\n--\(boundary)".utf8)
        var rest = bytes[...]
        var fields: [String: String] = [:]
        guard let first = rest.firstRange(of: delimiter) else { throw malformed }
        rest = rest[first.upperBound...]
        while !rest.starts(with: "--".utf8) {
            guard fields.count < maximumParts, rest.starts(with: "\r\n".utf8),
                let end = rest.firstRange(of: delimiter)
            else { throw malformed }
            let (name, value) = try part(rest[rest.startIndex..<end.lowerBound])
            if fields[name] == nil { fields[name] = value }
            rest = rest[end.upperBound...]
        }
        return fields
    }

    /// A part: a line break, header lines, an empty line, the value.
    private static func part(_ bytes: ArraySlice<UInt8>) throws(AppError) -> (name: String, value: String) {
        guard let headerEnd = bytes.firstRange(of: Array("\r\n\r\n".utf8)),
            let headers = String(validating: bytes[..<headerEnd.lowerBound], as: UTF8.self),
            let value = String(validating: bytes[headerEnd.upperBound...], as: UTF8.self)
        else { throw malformed }
        for line in headers.split(separator: "\r\n") where line.lowercased().hasPrefix("content-disposition:") {
            if let name = parameter("name", of: line) { return (name, value) }
        }
        throw malformed
    }

    /// `value` in `...; name=value` or `...; name="value"`.
    private static func parameter(_ name: String, of header: some StringProtocol) -> String? {
        for part in header.split(separator: ";").dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, Substring(pair[0]).trimmingSpaces().lowercased() == name else { continue }
            var value = Substring(pair[1]).trimmingSpaces()
            if value.count >= 2, value.first == "\"", value.last == "\"" { value = value.dropFirst().dropLast() }
            return String(value)
        }
        return nil
    }

    private static var malformed: AppError { .badRequest("InvalidForm", "the body is not a valid multipart form") }
}

extension StringProtocol where SubSequence == Substring {
    fileprivate func trimmingSpaces() -> Substring {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
