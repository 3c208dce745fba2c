import Ground

/// Which of the two query protocols a form follows: they differ in the names of members and in lists.
package enum QueryDialect: Sendable {
    case awsQuery, ec2Query

    /// The name of a member in a form.
    func name(_ member: MemberSchema) -> String {
        switch self {
        case .awsQuery:
            // A flattened list goes by its items' name, where that has one of its own.
            if member.type.flattened, let itemName = member.type.itemName { return itemName }
            return member.wireName
        case .ec2Query:
            if let name = member.queryName { return name }
            guard member.hasWireName else { return member.name }
            return member.wireName.prefix(1).uppercased() + member.wireName.dropFirst()
        }
    }

    /// Whether a list or map stands without a level of its own.
    func flattens(_ schema: ValueSchema?) -> Bool { self == .ec2Query || schema?.flattened ?? false }
}

/// Reads forms of awsQuery and ec2Query. Members come in the order of the schema, whatever the form's.
package struct QueryReader: ShapeReader {
    private struct Frame {
        let node: FormTree.NodeID
        /// The items of a list, the entries of a map.
        var items: [FormTree.NodeID] = []
        /// The next member or item.
        var next = 0
    }

    private let tree: FormTree
    private let dialect: QueryDialect
    private var cursor = SchemaCursor()
    private var frames: [Frame] = []
    private var current: FormTree.NodeID
    private var path: [String] = []

    init(_ tree: FormTree, _ dialect: QueryDialect) {
        self.tree = tree
        self.dialect = dialect
        current = tree.root
    }

    /// - Throws: ``WireError`` where the bytes are no form.
    package init(form: some Sequence<UInt8>, _ dialect: QueryDialect) throws(WireError) {
        self.init(try FormTree(form: form), dialect)
    }

    package mutating func beginStructure(_ schema: StructureSchema) throws(WireError) {
        if !tree.hasChildren(current), let value = tree.value(current), !value.isEmpty { throw mistyped("a structure") }
        frames.append(Frame(node: current))
        cursor.beginStructure(schema)
    }

    package mutating func nextMember() throws(WireError) -> Int? {
        guard let schema = cursor.structure else { return nil }
        let top = frames.count - 1
        while frames[top].next < schema.members.count {
            let index = frames[top].next
            frames[top].next += 1
            let name = dialect.name(schema.members[index])
            guard let child = child(name, of: frames[top].node) else { continue }
            current = child
            path = Array(path.prefix(top)) + [name]
            cursor.member(index)
            return index
        }
        end()
        return nil
    }

    /// The node of a member; a name may have dots in it.
    private func child(_ name: String, of node: FormTree.NodeID) -> FormTree.NodeID? {
        if let child = tree.child(name, of: node) { return child }
        guard name.contains(".") else { return nil }
        var node = node
        for part in name.split(separator: ".") {
            guard let child = tree.child(String(part), of: node) else { return nil }
            node = child
        }
        return node
    }

    package mutating func beginList() throws(WireError) {
        try beginContainer(level: cursor.value?.itemName ?? "member", expected: "a list")
    }

    package mutating func nextItem() throws(WireError) -> Bool {
        guard let item = nextNumbered() else { return false }
        current = item
        return true
    }

    package mutating func beginMap() throws(WireError) {
        try beginContainer(level: "entry", expected: "a map")
    }

    package mutating func nextKey() throws(WireError) -> String? {
        let schema = cursor.container
        guard let entry = nextNumbered() else { return nil }
        guard let key = tree.child(schema?.keyName ?? "key", of: entry).flatMap({ tree.value($0) }),
            let value = tree.child(schema?.valueName ?? "value", of: entry)
        else { throw .malformed("a map entry without key or value") }
        current = value
        return key
    }

    private mutating func beginContainer(level: String, expected: String) throws(WireError) {
        // An empty list is the name alone: `Name=`.
        if let value = tree.value(current), !value.isEmpty { throw mistyped(expected) }
        let items: [FormTree.NodeID]
        if dialect.flattens(cursor.value) {
            items = try tree.numberedChildren(current)
        } else {
            items =
                try tree.child(level, of: current).map { node throws(WireError) in
                    try tree.numberedChildren(node)
                } ?? []
        }
        frames.append(Frame(node: current, items: items))
        cursor.beginContainer()
    }

    private mutating func nextNumbered() -> FormTree.NodeID? {
        let top = frames.count - 1
        guard frames[top].next < frames[top].items.count else {
            end()
            return nil
        }
        defer { frames[top].next += 1 }
        path = Array(path.prefix(top)) + [String(frames[top].next + 1)]
        cursor.item()
        return frames[top].items[frames[top].next]
    }

    private mutating func end() {
        frames.removeLast()
        cursor.end()
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
        guard let value = tree.value(current) else { throw mistyped(expected) }
        return value
    }

    private func mistyped(_ expected: String) -> WireError {
        .mistyped(member: path.joined(separator: "."), expected: expected)
    }
}
