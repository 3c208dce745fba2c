import Ground

/// A writer that fills in the outer structure's idempotency token where the caller left it out, so that a request that
/// is sent again does its work once.
struct TokenFillingWriter<Base: ShapeWriter>: ShapeWriter {
    private(set) var base: Base
    private let token: Int
    private var isThere = false
    private var depth = 0

    /// - Parameter token: index of the member.
    init(_ base: Base, token: Int) {
        self.base = base
        self.token = token
    }

    mutating func beginStructure(_ schema: StructureSchema) {
        depth += 1
        base.beginStructure(schema)
    }

    mutating func member(_ index: Int) {
        if depth == 1, index == token { isThere = true }
        base.member(index)
    }

    mutating func endStructure() {
        if depth == 1, !isThere {
            base.member(token)
            base.string(UUIDText.random())
        }
        depth -= 1
        base.endStructure()
    }

    mutating func beginList(count: Int) { base.beginList(count: count) }
    mutating func item() { base.item() }
    mutating func endList() { base.endList() }
    mutating func beginMap(count: Int) { base.beginMap(count: count) }
    mutating func key(_ key: String) { base.key(key) }
    mutating func endMap() { base.endMap() }
    mutating func string(_ value: String) { base.string(value) }
    mutating func boolean(_ value: Bool) { base.boolean(value) }
    mutating func integer(_ value: Int) { base.integer(value) }
    mutating func double(_ value: Double) { base.double(value) }
    mutating func blob(_ value: [UInt8]) { base.blob(value) }
    mutating func timestamp(_ value: Timestamp) { base.timestamp(value) }
    mutating func stream(_ value: ByteStream) { base.stream(value) }
}

/// Random identifiers in the form of RFC 9562, version 4.
private enum UUIDText {
    static func random() -> String {
        var bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let groups = [bytes[0..<4], bytes[4..<6], bytes[6..<8], bytes[8..<10], bytes[10..<16]]
        return groups.map { Hex.encode($0) }.joined(separator: "-")
    }
}
