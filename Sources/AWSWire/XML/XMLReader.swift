import Ground

/// Reads XML against schemas: bodies of restXml, answers of awsQuery and ec2Query.
package struct XMLReader: ShapeReader {
    /// What a document is held to.
    package enum Strictness: Sendable {
        /// Unknown elements are passed over.
        case lenient
        /// As `lenient`; but a value of the wrong type makes the document malformed, as S3 has it.
        case typed
        /// As `typed`; and unknown elements, and elements that come twice, make it malformed: S3's schema check.
        case schema
    }

    private struct Frame {
        let node: XMLDocument.NodeID
        /// The child that comes next; in a list or map, the item or entry.
        var next: XMLDocument.NodeID?
        /// The items of a flattened list are the siblings that have its name.
        var isFlattened = false
        /// Members that are read: flattened ones always, others where they must not come twice.
        var done: [Int] = []
        /// The next member that may be an attribute.
        var attribute = 0
    }

    private let document: XMLDocument
    private let strictness: Strictness
    private var cursor = SchemaCursor()
    private var frames: [Frame] = []
    /// What comes next: an element, or an attribute's text.
    private var current: XMLDocument.NodeID
    private var currentAttribute: String?
    private var memberName = ""

    /// Reads the element at `start`, or else the root.
    init(_ document: XMLDocument, at start: XMLDocument.NodeID? = nil, strictness: Strictness = .lenient) {
        self.document = document
        self.strictness = strictness
        current = start ?? document.root
    }

    /// - Throws: ``WireError`` where the bytes are no XML.
    package init(_ bytes: [UInt8], strictness: Strictness = .lenient) throws(WireError) {
        self.init(try XMLParser.parse(bytes), strictness: strictness)
    }

    // MARK: Structures

    package mutating func beginStructure(_ schema: StructureSchema) throws(WireError) {
        guard currentAttribute == nil else { throw mistyped("a structure") }
        guard document.hasChildren(current) || document.text(current).allSatisfy(\.isWhitespace) else {
            throw mistyped("a structure")
        }
        cursor.beginStructure(schema)
        frames.append(Frame(node: current, next: document.nodes[current].firstChild))
    }

    package mutating func nextMember() throws(WireError) -> Int? {
        currentAttribute = nil
        guard let schema = cursor.structure else { return nil }
        if let index = nextAttribute(schema) { return index }
        let top = frames.count - 1
        while let child = frames[top].next {
            frames[top].next = document.nodes[child].nextSibling
            let name = document.name(child)
            guard let index = schema.indexByWireName[name] else {
                if strictness == .schema { throw .malformed("the unknown element '\(name)'") }
                continue
            }
            let member = schema.members[index]
            if member.type.flattened || strictness == .schema {
                if frames[top].done.contains(index) {
                    guard member.type.flattened else { throw .malformed("the element '\(name)' twice") }
                    continue
                }
                frames[top].done.append(index)
            }
            select(child, index, member)
            return index
        }
        end()
        return nil
    }

    private mutating func nextAttribute(_ schema: StructureSchema) -> Int? {
        let top = frames.count - 1
        guard !document.nodes[frames[top].node].attributes.isEmpty else { return nil }
        while frames[top].attribute < schema.members.count {
            let index = frames[top].attribute
            frames[top].attribute += 1
            let member = schema.members[index]
            guard member.traits.contains(.xmlAttribute),
                let value = document.attribute(member.wireName, of: frames[top].node)
            else { continue }
            select(frames[top].node, index, member)
            currentAttribute = value
            return index
        }
        return nil
    }

    private mutating func select(_ node: XMLDocument.NodeID, _ index: Int, _ member: MemberSchema) {
        current = node
        memberName = member.wireName
        cursor.member(index)
    }

    private mutating func end() {
        frames.removeLast()
        cursor.end()
    }

    // MARK: Lists and maps

    package mutating func beginList() throws(WireError) { try beginContainer("a list") }

    package mutating func nextItem() throws(WireError) -> Bool {
        guard let item = try nextElement(named: cursor.container?.itemName ?? "member") else { return false }
        current = item
        cursor.item()
        return true
    }

    package mutating func beginMap() throws(WireError) { try beginContainer("a map") }

    package mutating func nextKey() throws(WireError) -> String? {
        let schema = cursor.container
        guard let entry = try nextElement(named: "entry") else { return nil }
        guard let key = document.child(schema?.keyName ?? "key", of: entry),
            let value = document.child(schema?.valueName ?? "value", of: entry)
        else { throw .malformed("a map entry without key or value") }
        current = value
        cursor.item()
        return document.text(key)
    }

    private mutating func beginContainer(_ expected: String) throws(WireError) {
        guard currentAttribute == nil else { throw mistyped(expected) }
        let isFlattened = cursor.value?.flattened ?? false
        if !isFlattened, !document.hasChildren(current), !document.text(current).allSatisfy(\.isWhitespace) {
            throw mistyped(expected)
        }
        frames.append(
            Frame(
                node: current, next: isFlattened ? current : document.nodes[current].firstChild,
                isFlattened: isFlattened))
        cursor.beginContainer()
    }

    /// The next item of a list or entry of a map.
    private mutating func nextElement(named name: String) throws(WireError) -> XMLDocument.NodeID? {
        let top = frames.count - 1
        while let element = frames[top].next {
            frames[top].next = document.nodes[element].nextSibling
            if frames[top].isFlattened {
                if document.isNamed(element, like: frames[top].node) { return element }
            } else if document.name(element) == name {
                return element
            } else if strictness == .schema {
                throw .malformed("the unknown element '\(document.name(element))'")
            }
        }
        end()
        return nil
    }

    // MARK: Scalars

    package mutating func string() throws(WireError) -> String { try text("a String") }

    package mutating func boolean() throws(WireError) -> Bool {
        try scalar("a Boolean") { ScalarText.boolean($0) }
    }

    package mutating func integer() throws(WireError) -> Int {
        try scalar("an Integer") { ScalarText.integer($0) }
    }

    package mutating func double() throws(WireError) -> Double {
        try scalar("a Double") { ScalarText.double($0) }
    }

    package mutating func blob() throws(WireError) -> [UInt8] {
        try scalar("a Blob in base64") { ScalarText.blob($0) }
    }

    package mutating func timestamp() throws(WireError) -> Timestamp {
        let format = cursor.value?.timestampFormat ?? .iso8601
        return try scalar("a Timestamp") { ScalarText.timestamp($0, format: format) }
    }

    package mutating func stream() throws(WireError) -> ByteStream { ByteStream(try blob()) }

    private func scalar<Value>(_ expected: String, _ parse: (String) -> Value?) throws(WireError) -> Value {
        guard let value = parse(try text(expected)) else { throw mistyped(expected) }
        return value
    }

    private func text(_ expected: String) throws(WireError) -> String {
        if let currentAttribute { return currentAttribute }
        guard !document.hasChildren(current) else { throw mistyped(expected) }
        return document.text(current)
    }

    private func mistyped(_ expected: String) -> WireError {
        if strictness == .lenient { return .mistyped(member: memberName, expected: expected) }
        return .malformed("'\(memberName)' is not \(expected)")
    }
}
