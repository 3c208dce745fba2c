/// Where a codec stands in the schemas: which structures, lists and maps are open, and the schema of the value that
/// comes next. Calls of readers and writers name members by index and items not at all; this is what they refer to.
struct SchemaCursor {
    private struct Frame {
        /// The open structure; `nil` for a list or map.
        let structure: StructureSchema?
        /// The open list or map.
        let container: ValueSchema?
    }

    private var frames: [Frame] = []
    /// The schema of the value that comes next; `nil` at the document's root.
    private(set) var value: ValueSchema?

    var depth: Int { frames.count }

    /// The innermost structure, if that is what is open.
    var structure: StructureSchema? { frames.last?.structure }

    /// The innermost list or map, if that is what is open.
    var container: ValueSchema? { frames.last?.container }

    mutating func beginStructure(_ schema: StructureSchema) {
        frames.append(Frame(structure: schema, container: nil))
        value = nil
    }

    /// Opens the list or map that comes next.
    mutating func beginContainer() {
        frames.append(Frame(structure: nil, container: value))
    }

    mutating func member(_ index: Int) {
        value = frames.last?.structure?.members[index].type
    }

    mutating func item() {
        value = frames.last?.container?.item
    }

    mutating func end() {
        frames.removeLast()
        value = nil
    }
}
