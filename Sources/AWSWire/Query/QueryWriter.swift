import Ground

/// Writes forms of awsQuery and ec2Query.
package struct QueryWriter: ShapeWriter {
    private struct Frame {
        /// The name of what is open, with a dot behind it; empty at the root.
        let prefix: String
        /// Number of the last item.
        var number = 0
    }

    /// The form so far.
    package private(set) var bytes: [UInt8] = []
    private let dialect: QueryDialect
    private var cursor = SchemaCursor()
    private var frames: [Frame] = []
    /// The name of the value that comes next.
    private var name = ""

    /// Begins a form with `Action` and `Version`.
    package init(_ dialect: QueryDialect, action: String, version: String) {
        self.dialect = dialect
        field("Action", action)
        field("Version", version)
    }

    package mutating func beginStructure(_ schema: StructureSchema) {
        frames.append(Frame(prefix: name.isEmpty ? "" : name + "."))
        cursor.beginStructure(schema)
    }

    package mutating func member(_ index: Int) {
        guard let member = cursor.structure?.members[index] else { return }
        name = (frames.last?.prefix ?? "") + dialect.name(member)
        cursor.member(index)
    }

    package mutating func endStructure() { end() }

    package mutating func beginList(count: Int) {
        // ec2Query has no way to write an empty list.
        if count == 0, dialect == .awsQuery { field(name, "") }
        beginContainer(level: cursor.value?.itemName ?? "member")
    }

    package mutating func item() { name = nextItem() }

    package mutating func endList() { end() }

    package mutating func beginMap(count: Int) { beginContainer(level: "entry") }

    package mutating func key(_ key: String) {
        let schema = cursor.container
        let entry = nextItem()
        field("\(entry).\(schema?.keyName ?? "key")", key)
        name = "\(entry).\(schema?.valueName ?? "value")"
    }

    package mutating func endMap() { end() }

    package mutating func string(_ value: String) { field(name, value) }
    package mutating func boolean(_ value: Bool) { field(name, ScalarText.text(value)) }
    package mutating func integer(_ value: Int) { field(name, String(value)) }
    package mutating func double(_ value: Double) { field(name, ScalarText.text(value)) }
    package mutating func blob(_ value: [UInt8]) { field(name, Base64.encode(value)) }

    package mutating func timestamp(_ value: Timestamp) {
        field(name, ScalarText.text(value, format: cursor.value?.timestampFormat ?? .iso8601, milliseconds: false))
    }

    /// A body is never a field; what is in memory goes out as a blob.
    package mutating func stream(_ value: ByteStream) {
        if case .buffer(let buffer) = value.source { blob(Array(buffer.readableBytesView)) }
    }

    private mutating func beginContainer(level: String) {
        frames.append(Frame(prefix: dialect.flattens(cursor.value) ? name + "." : "\(name).\(level)."))
        cursor.beginContainer()
    }

    private mutating func nextItem() -> String {
        let top = frames.count - 1
        frames[top].number += 1
        cursor.item()
        return frames[top].prefix + String(frames[top].number)
    }

    private mutating func end() {
        frames.removeLast()
        cursor.end()
    }

    private mutating func field(_ name: String, _ value: String) {
        if !bytes.isEmpty { bytes.append(UInt8(ascii: "&")) }
        bytes.append(contentsOf: PercentEncoding.encode(name).utf8)
        bytes.append(UInt8(ascii: "="))
        bytes.append(contentsOf: PercentEncoding.encode(value).utf8)
    }
}
