import Ground

/// A form whose dotted names have been taken apart: `A.member.1.B=x` is a value below `A`, `member`, `1`, `B`.
struct FormTree {
    typealias NodeID = Int

    private struct Node {
        var value: String?
        var children: [String: NodeID] = [:]
    }

    private var nodes = [Node()]

    let root: NodeID = 0

    /// Takes fields that are decoded already. Where a name comes twice, the first one counts.
    /// - Throws: ``WireError/tooLarge(_:)``.
    init(_ fields: [(name: String, value: String)]) throws(WireError) {
        guard fields.count <= WireLimits.formFields else {
            throw .tooLarge("more than \(WireLimits.formFields) fields")
        }
        for field in fields { try insert(field.name, field.value) }
    }

    /// Takes a body of type `application/x-www-form-urlencoded`.
    /// - Throws: ``WireError`` where an escape is broken, text is not UTF-8, or there are too many fields.
    init(form: some Sequence<UInt8>) throws(WireError) {
        try self.init(Self.fields(of: form))
    }

    /// The fields of a form, decoded.
    static func fields(of form: some Sequence<UInt8>) throws(WireError) -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        for field in form.split(separator: UInt8(ascii: "&")) {
            guard fields.count < WireLimits.formFields else {
                throw .tooLarge("more than \(WireLimits.formFields) fields")
            }
            let equals = field.firstIndex(of: UInt8(ascii: "=")) ?? field.endIndex
            fields.append((try decode(field[..<equals]), try decode(field[equals...].dropFirst())))
        }
        return fields
    }

    private static func decode(_ bytes: ArraySlice<UInt8>) throws(WireError) -> String {
        guard let decoded = PercentEncoding.decodeBytes(bytes, plusIsSpace: true),
            let text = String(validating: decoded, as: UTF8.self)
        else { throw .malformed("a broken escape in the form") }
        return text
    }

    private mutating func insert(_ name: String, _ value: String) throws(WireError) {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= WireLimits.formDepth else {
            throw .tooLarge("a name of more than \(WireLimits.formDepth) parts")
        }
        var node = root
        for part in parts {
            let part = String(part)
            if let next = nodes[node].children[part] {
                node = next
            } else {
                guard nodes.count < WireLimits.formNodes else {
                    throw .tooLarge("more than \(WireLimits.formNodes) names")
                }
                nodes.append(Node())
                nodes[node].children[part] = nodes.count - 1
                node = nodes.count - 1
            }
        }
        if nodes[node].value == nil { nodes[node].value = value }
    }

    func value(_ node: NodeID) -> String? { nodes[node].value }

    func child(_ name: String, of node: NodeID) -> NodeID? { nodes[node].children[name] }

    func hasChildren(_ node: NodeID) -> Bool { !nodes[node].children.isEmpty }

    /// The children that are numbered, in the order of their numbers; gaps do not matter.
    /// - Throws: ``WireError/malformed(_:)`` for a name that is no number.
    func numberedChildren(_ node: NodeID) throws(WireError) -> [NodeID] {
        var numbered: [(number: UInt32, node: NodeID)] = []
        for (name, child) in nodes[node].children {
            guard let number = UInt32(name) else { throw .malformed("'\(name)' where the number of an item belongs") }
            numbered.append((number, child))
        }
        return numbered.sorted { $0.number < $1.number }.map(\.node)
    }
}
