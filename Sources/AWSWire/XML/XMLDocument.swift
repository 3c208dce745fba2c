/// A parsed XML document: elements in flat arrays, in document order, so that a large one costs few allocations.
///
/// Prefixes of elements are dropped, since AWS's clients and services tell elements by local names; attributes keep
/// theirs (`xsi:type`). Text is kept only where an element has no elements in it.
struct XMLDocument {
    typealias NodeID = Int

    struct Node {
        /// Local name, in the source's bytes.
        var name: Range<Int>
        /// In ``XMLDocument/text``.
        var text: Range<Int> = 0..<0
        /// In ``XMLDocument/attributes``.
        var attributes: Range<Int> = 0..<0
        var firstChild: NodeID?
        var nextSibling: NodeID?
    }

    struct Attribute {
        /// With its prefix.
        let name: String
        let value: String
    }

    let source: [UInt8]
    var nodes: [Node] = []
    var attributes: [Attribute] = []
    var text: [UInt8] = []

    /// The root; a parsed document has one.
    var root: NodeID { 0 }

    func name(_ node: NodeID) -> String { String(decoding: source[nodes[node].name], as: UTF8.self) }

    func isNamed(_ node: NodeID, like other: NodeID) -> Bool {
        source[nodes[node].name].elementsEqual(source[nodes[other].name])
    }

    func text(_ node: NodeID) -> String { String(decoding: text[nodes[node].text], as: UTF8.self) }

    func hasChildren(_ node: NodeID) -> Bool { nodes[node].firstChild != nil }

    /// The value of an attribute. A name with a prefix also matches under any other one, as the prefix is the document's
    /// own choice.
    func attribute(_ name: String, of node: NodeID) -> String? {
        let candidates = attributes[nodes[node].attributes]
        if let exact = candidates.first(where: { $0.name == name }) { return exact.value }
        guard let colon = name.firstIndex(of: ":") else { return nil }
        return candidates.first { candidate in
            !candidate.name.hasPrefix("xmlns") && candidate.name.contains(":")
                && candidate.name.hasSuffix(name[colon...])
        }?.value
    }

    /// The children of an element, in order.
    func children(_ node: NodeID) -> some Sequence<NodeID> {
        sequence(state: nodes[node].firstChild) { next in
            defer { next = next.flatMap { nodes[$0].nextSibling } }
            return next
        }
    }

    func child(_ name: String, of node: NodeID) -> NodeID? {
        children(node).first { source[nodes[$0].name].elementsEqual(name.utf8) }
    }
}
