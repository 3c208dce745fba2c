import Ground
import NIOCore
import NIOHTTP1

/// Reads restXml messages: members come from headers, query string, URI labels and status, then from the body. It walks
/// the headers once, and touches the body only where a member is in it.
package struct HTTPMessageReader: ShapeReader {
    private enum Part {
        case headers, prefixHeaders, query, labels, status, payload, beforeBody, body, end
    }

    /// What the next value is made of.
    private enum Source {
        case text(String)
        case timestamp(Timestamp)
        case headerMap
        case stream
        case xml
    }

    private let headers: HTTPHeaders
    private let query: [(name: String, value: String?)]
    private let labels: [String: String]
    private let document: ByteBuffer
    private let body: ByteStream
    private let status: Int?
    private let root: String?
    private let isUnwrapped: Bool
    private let strictness: XMLReader.Strictness

    private var schema: StructureSchema?
    private var member: MemberSchema?
    private var source = Source.stream
    private var part = Part.headers
    /// The next header, or the next member of the part that is being walked.
    private var header: HTTPHeaders.Index
    private var position = 0
    /// List members that have been read from headers.
    private var listsRead: [Int] = []
    private var prefixed: [(name: String, value: String)] = []
    private var items: [String]?
    private var xml: XMLReader?
    /// Structures that are open.
    private var depth = 0

    /// Reads a request on the server's side.
    package init(request: WireRequest, _ operation: OperationSchema) {
        headers = request.headers
        query = request.query
        labels = request.labels
        document = request.document
        body = request.body
        status = nil
        root = operation.inputRoot
        isUnwrapped = false
        strictness = operation.hasStrictInput ? .schema : .typed
        header = request.headers.startIndex
    }

    /// Reads an answer on the client's side.
    package init(
        status: Int, headers: HTTPHeaders, document: ByteBuffer, body: ByteStream, _ operation: OperationSchema
    ) {
        self.headers = headers
        query = []
        labels = [:]
        self.document = document
        self.body = body
        self.status = status
        root = nil
        isUnwrapped = operation.hasUnwrappedOutput
        strictness = .lenient
        header = headers.startIndex
    }

    // MARK: Structures

    package mutating func beginStructure(_ schema: StructureSchema) throws(WireError) {
        depth += 1
        if depth == 1 { self.schema = schema } else { try xml?.beginStructure(schema) }
    }

    package mutating func nextMember() throws(WireError) -> Int? {
        if depth > 1 {
            let index = try xml?.nextMember()
            if index == nil { depth -= 1 }
            return index
        }
        guard let schema else { return nil }
        while part != .end {
            if let index = try next(schema) {
                member = schema.members[index]
                return index
            }
        }
        depth -= 1
        return nil
    }

    /// The next member of the part that is being walked; `nil` where the part changed.
    private mutating func next(_ schema: StructureSchema) throws(WireError) -> Int? {
        switch part {
        case .headers: return nextHeader(schema)
        case .prefixHeaders: return nextPrefixHeaders(schema)
        case .query: return nextQuery(schema)
        case .labels: return nextLabel(schema)
        case .status:
            part = .payload
            guard let status, let index = schema.members.firstIndex(where: { $0.location == .statusCode }) else {
                return nil
            }
            source = .text(String(status))
            return index
        case .payload:
            part = schema.payloadMember == nil && schema.hasBodyMembers ? .beforeBody : .end
            return try schema.payloadMember.flatMap { index throws(WireError) in try payload(index, schema) }
        case .beforeBody: return try beginBody(schema)
        case .body:
            source = .xml
            if let index = try xml?.nextMember() { return index }
            part = .end
            return nil
        case .end: return nil
        }
    }

    private mutating func nextHeader(_ schema: StructureSchema) -> Int? {
        while header != headers.endIndex {
            let (name, value) = headers[header]
            header = headers.index(after: header)
            let key = Self.lowercased(name)
            guard let index = schema.indexByHeader[key] else {
                if !schema.prefixHeaderMembers.isEmpty { keepPrefixed(key, value) }
                continue
            }
            let type = schema.members[index].type
            switch type.kind {
            case .list:
                guard !listsRead.contains(index) else { continue }
                listsRead.append(index)
                source = .text(headers[name].joined(separator: ","))
            case .timestamp where type.timestampFormat ?? .rfc822 == .rfc822:
                // RFC 9110: a condition whose date can't be read is none.
                guard let timestamp = ScalarText.timestamp(value, format: .rfc822) else { continue }
                source = .timestamp(timestamp)
            default: source = .text(value)
            }
            return index
        }
        part = schema.prefixHeaderMembers.isEmpty ? .query : .prefixHeaders
        position = 0
        return nil
    }

    /// Headers that come more than once are one, with commas.
    private mutating func keepPrefixed(_ name: String, _ value: String) {
        if let known = prefixed.firstIndex(where: { $0.name == name }) {
            prefixed[known].value += ",\(value)"
        } else {
            prefixed.append((name, value))
        }
    }

    private mutating func nextPrefixHeaders(_ schema: StructureSchema) -> Int? {
        while position < schema.prefixHeaderMembers.count {
            let index = schema.prefixHeaderMembers[position]
            let prefix = schema.members[index].wireName.lowercased()
            position += 1
            if prefixed.contains(where: { $0.name.hasPrefix(prefix) }) {
                source = .headerMap
                return index
            }
        }
        part = .query
        position = 0
        return nil
    }

    private mutating func nextQuery(_ schema: StructureSchema) -> Int? {
        while position < schema.querystringMembers.count, !query.isEmpty {
            let index = schema.querystringMembers[position]
            position += 1
            let name = schema.members[index].wireName
            guard let field = query.first(where: { $0.name == name }) else { continue }
            source = .text(field.value ?? "")
            return index
        }
        part = .labels
        position = 0
        return nil
    }

    private mutating func nextLabel(_ schema: StructureSchema) -> Int? {
        while position < schema.uriMembers.count {
            let index = schema.uriMembers[position]
            position += 1
            guard let value = labels[schema.members[index].wireName] else { continue }
            source = .text(value)
            return index
        }
        part = .status
        return nil
    }

    // MARK: Body

    private mutating func payload(_ index: Int, _ schema: StructureSchema) throws(WireError) -> Int? {
        let member = schema.members[index]
        switch member.type.kind {
        case .stream:
            source = .stream
        case .structure, .list, .map:
            guard try parse(root: status == nil ? member.wireName : nil) else { return nil }
            source = .xml
        default:
            guard document.readableBytes > 0 else { return nil }
            guard let text = String(validating: document.readableBytesView, as: UTF8.self) else {
                throw .malformed("a body that is not UTF-8")
            }
            source = .text(text)
        }
        return index
    }

    private mutating func beginBody(_ schema: StructureSchema) throws(WireError) -> Int? {
        guard try parse(root: root) else {
            part = .end
            return nil
        }
        if isUnwrapped {
            part = .end
            source = .xml
            guard let text = try xml?.string(), !text.isEmpty else { return nil }
            source = .text(text)
            return 0
        }
        part = .body
        try xml?.beginStructure(schema)
        return nil
    }

    /// Parses the body; false where there is none.
    private mutating func parse(root: String?) throws(WireError) -> Bool {
        let bytes = Array(document.readableBytesView)
        guard bytes.contains(where: { $0 > 0x20 }) else { return false }
        let parsed = try XMLParser.parse(bytes)
        if let root, parsed.name(parsed.root) != root { throw .malformed("the root is not '\(root)'") }
        xml = XMLReader(parsed, strictness: strictness)
        return true
    }

    // MARK: Lists and maps

    package mutating func beginList() throws(WireError) {
        if case .text(let text) = source { items = Self.items(of: text).reversed() } else { try xml?.beginList() }
    }

    package mutating func nextItem() throws(WireError) -> Bool {
        guard items != nil else { return try xml?.nextItem() ?? false }
        guard let item = items?.popLast() else {
            items = nil
            return false
        }
        source = .text(item)
        return true
    }

    package mutating func beginMap() throws(WireError) {
        if case .headerMap = source { position = 0 } else { try xml?.beginMap() }
    }

    package mutating func nextKey() throws(WireError) -> String? {
        if part != .prefixHeaders { return try xml?.nextKey() }
        guard let prefix = member?.wireName.lowercased(),
            let next = prefixed.firstIndex(where: { $0.name.hasPrefix(prefix) })
        else { return nil }
        let (name, value) = prefixed.remove(at: next)
        source = .text(value)
        return String(name.dropFirst(prefix.count))
    }

    /// The items of a list in a header: separated by commas, those with commas in quotation marks.
    static func items(of text: String) -> [String] {
        var items: [String] = []
        var item = ""
        var isQuoted = false
        var isEscaped = false
        for character in text {
            switch character {
            case _ where isEscaped:
                item.append(character)
                isEscaped = false
            case "\\" where isQuoted: isEscaped = true
            case "\"" where isQuoted: isQuoted = false
            case "\"" where item.allSatisfy { $0 == " " }:
                isQuoted = true
                item = ""
            case "," where !isQuoted:
                items.append(trimmed(item))
                item = ""
            default: item.append(character)
            }
        }
        items.append(trimmed(item))
        return items.filter { !$0.isEmpty }
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text.drop { $0 == " " || $0 == "\t" })
    }

    // MARK: Scalars

    package mutating func string() throws(WireError) -> String {
        if case .text(let text) = source { return text }
        return try value("a String") { xml throws(WireError) in try xml.string() }
    }

    package mutating func boolean() throws(WireError) -> Bool {
        if case .text(let text) = source { return try parsed(ScalarText.boolean(text), "a Boolean") }
        return try value("a Boolean") { xml throws(WireError) in try xml.boolean() }
    }

    package mutating func integer() throws(WireError) -> Int {
        if case .text(let text) = source { return try parsed(ScalarText.integer(text), "an Integer") }
        return try value("an Integer") { xml throws(WireError) in try xml.integer() }
    }

    package mutating func double() throws(WireError) -> Double {
        if case .text(let text) = source { return try parsed(ScalarText.double(text), "a Double") }
        return try value("a Double") { xml throws(WireError) in try xml.double() }
    }

    package mutating func blob() throws(WireError) -> [UInt8] {
        if case .text(let text) = source {
            // A payload is the blob itself; elsewhere it is base64.
            if member?.traits.contains(.payload) ?? false { return Array(text.utf8) }
            return try parsed(ScalarText.blob(text), "a Blob in base64")
        }
        return try value("a Blob") { xml throws(WireError) in try xml.blob() }
    }

    package mutating func timestamp() throws(WireError) -> Timestamp {
        switch source {
        case .timestamp(let timestamp): return timestamp
        case .text(let text):
            let isHeader = member?.location == .header || member?.location == .prefixHeaders
            let format = member?.type.timestampFormat ?? (isHeader ? .rfc822 : .iso8601)
            return try parsed(ScalarText.timestamp(text, format: format), "a Timestamp")
        case .headerMap, .stream, .xml: return try value("a Timestamp") { xml throws(WireError) in try xml.timestamp() }
        }
    }

    package mutating func stream() throws(WireError) -> ByteStream { body }

    private mutating func value<Value>(
        _ expected: String, _ read: (inout XMLReader) throws(WireError) -> Value
    ) throws(WireError) -> Value {
        guard case .xml = source, var reader = xml.take() else { throw mistyped(expected) }
        defer { xml = reader }
        return try read(&reader)
    }

    private func parsed<Value>(_ value: Value?, _ expected: String) throws(WireError) -> Value {
        guard let value else { throw mistyped(expected) }
        return value
    }

    private func mistyped(_ expected: String) -> WireError {
        .mistyped(member: member?.wireName ?? "", expected: expected)
    }

    /// Header names mostly come in lower case, and are not copied then.
    private static func lowercased(_ name: String) -> String {
        name.utf8.contains { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) } ? name.lowercased() : name
    }
}

extension OperationSchema {
    /// Whether S3 checks the body against its published schema, so that what it does not know is an error.
    var hasStrictInput: Bool {
        service.name == "s3" && (name == "PutBucketLifecycleConfiguration" || name == "PutBucketLifecycle")
    }

    /// Whether the answer's root is the one member's text, with no element for the member: S3 has one such operation.
    var hasUnwrappedOutput: Bool { service.name == "s3" && name == "GetBucketLocation" }
}
