import Ground
import NIOCore
import NIOHTTP1

/// Writes restXml messages: requests on the client's side, answers on the server's. Each member of the outer structure
/// goes where the schema puts it: header, query string, URI label, status, or body.
package struct HTTPMessageWriter: ShapeWriter {
    package private(set) var headers: HTTPHeaders = [:]
    package private(set) var query: [(name: String, value: String)] = []
    package private(set) var labels: [String: String] = [:]
    package private(set) var status: Int
    package private(set) var body = ByteStream.empty
    /// The type of a body that is a document; `nil` where the body is a stream or there is none.
    package private(set) var contentType: String?

    private enum Target {
        case header, prefixHeaders, query, label, status, payload, xml
    }

    private let isResponse: Bool
    private let root: String?
    private let namespace: String?
    private let isUnwrapped: Bool

    private var schema: StructureSchema?
    private var current: MemberSchema?
    private var target = Target.xml
    private var xml: XMLWriter?
    /// The items of a list that goes into one header.
    private var items: [String]?
    private var headerKey = ""
    /// Structures, lists and maps that are open.
    private var depth = 0

    /// Writes a request.
    package init(requestOf operation: OperationSchema) {
        isResponse = false
        status = 0
        root = operation.inputRoot
        namespace = operation.inputNamespace ?? operation.service.xmlNamespace
        isUnwrapped = false
    }

    /// Writes an answer.
    package init(responseOf operation: OperationSchema) {
        isResponse = true
        status = operation.status
        root = operation.outputRoot ?? operation.name + "Result"
        namespace = operation.service.xmlNamespace
        isUnwrapped = operation.hasUnwrappedOutput
    }

    // MARK: Structures

    package mutating func beginStructure(_ schema: StructureSchema) {
        depth += 1
        guard depth == 1 else {
            xml?.beginStructure(schema)
            return
        }
        self.schema = schema
        // An answer with elements always has its root; a request only where there is something to tell.
        if schema.hasBodyMembers, isResponse { beginBody(schema) }
    }

    package mutating func member(_ index: Int) {
        guard depth == 1, let schema else {
            xml?.member(index)
            return
        }
        let member = schema.members[index]
        current = member
        if member.traits.contains(.payload) {
            beginPayload(member)
            return
        }
        switch member.location {
        case .header: target = .header
        case .prefixHeaders: target = .prefixHeaders
        case .querystring: target = .query
        case .uri: target = .label
        case .statusCode: target = .status
        case .body:
            target = .xml
            if xml == nil { beginBody(schema) }
            if !isUnwrapped { xml?.member(index) }
        }
    }

    package mutating func endStructure() {
        depth -= 1
        guard depth == 0 else {
            xml?.endStructure()
            return
        }
        guard xml != nil else { return }
        if schema?.payloadMember == nil {
            if isUnwrapped, let root { xml?.close(root) } else { xml?.endStructure() }
        }
        body = ByteStream(xml?.bytes ?? [])
        contentType = "application/xml"
    }

    private mutating func beginBody(_ schema: StructureSchema) {
        var writer = documentWriter()
        if isUnwrapped, let root {
            writer.open(root, namespace: namespace)
        } else {
            writer.root(root ?? schema.name, namespace: namespace)
            writer.beginStructure(schema)
        }
        xml = writer
    }

    private mutating func beginPayload(_ member: MemberSchema) {
        switch member.type.kind {
        case .structure, .list, .map:
            target = .xml
            var writer = documentWriter()
            writer.root(member.wireName, namespace: member.xmlNamespace ?? namespace)
            xml = writer
        default: target = .payload
        }
    }

    private func documentWriter() -> XMLWriter {
        var writer = XMLWriter(milliseconds: true)
        if isResponse { writer.declaration() }
        return writer
    }

    // MARK: Lists and maps

    package mutating func beginList(count: Int) {
        depth += 1
        if target == .xml { xml?.beginList(count: count) } else { items = [] }
    }

    package mutating func item() {
        if target == .xml { xml?.item() }
    }

    package mutating func endList() {
        depth -= 1
        if target == .xml {
            xml?.endList()
        } else if let items, let current {
            self.items = nil
            switch target {
            case .header where !items.isEmpty: headers.add(name: current.wireName, value: items.joined(separator: ","))
            case .query: query += items.map { (current.wireName, $0) }
            default: break
            }
        }
    }

    package mutating func beginMap(count: Int) {
        depth += 1
        if target == .xml { xml?.beginMap(count: count) }
    }

    package mutating func key(_ key: String) {
        if target == .xml { xml?.key(key) } else { headerKey = key }
    }

    package mutating func endMap() {
        depth -= 1
        if target == .xml { xml?.endMap() }
    }

    // MARK: Scalars

    package mutating func string(_ value: String) {
        if target == .xml { xml?.string(value) } else { text(value) }
    }

    package mutating func boolean(_ value: Bool) {
        if target == .xml { xml?.boolean(value) } else { text(ScalarText.text(value)) }
    }

    package mutating func integer(_ value: Int) {
        if target == .xml { xml?.integer(value) } else { text(String(value)) }
    }

    package mutating func double(_ value: Double) {
        if target == .xml { xml?.double(value) } else { text(ScalarText.text(value)) }
    }

    package mutating func blob(_ value: [UInt8]) {
        switch target {
        case .xml: xml?.blob(value)
        case .payload: body = ByteStream(value)
        default: text(Base64.encode(value))
        }
    }

    package mutating func timestamp(_ value: Timestamp) {
        guard target != .xml else {
            xml?.timestamp(value)
            return
        }
        let isHeader = target == .header || target == .prefixHeaders
        let format = current?.type.timestampFormat ?? (isHeader ? .rfc822 : .iso8601)
        text(ScalarText.text(value, format: format, milliseconds: isResponse))
    }

    package mutating func stream(_ value: ByteStream) {
        if target == .payload { body = value }
    }

    private mutating func text(_ value: String) {
        guard let current else { return }
        if items != nil {
            let needsQuotes = target == .header && value.utf8.contains { $0 == 0x2C || $0 == 0x22 }
            items?.append(needsQuotes ? Self.quoted(value) : value)
            return
        }
        switch target {
        case .header: headers.add(name: current.wireName, value: value)
        case .prefixHeaders: headers.add(name: current.wireName + headerKey, value: value)
        case .query: query.append((current.wireName, value))
        case .label: labels[current.wireName] = value
        case .status: status = Int(value) ?? status
        case .payload:
            body = ByteStream(value)
            contentType = "application/json"
        case .xml: break
        }
    }

    private static func quoted(_ value: String) -> String {
        var quoted = "\""
        for character in value {
            if character == "\"" || character == "\\" { quoted.append("\\") }
            quoted.append(character)
        }
        return quoted + "\""
    }
}
