import Ground

/// Writes rpcv2Cbor. Structures are maps of indefinite length, since how many of their members are there shows only at
/// their end; lists, maps and strings have their length in front.
package struct CBORWriter: ShapeWriter {
    /// The document so far.
    package private(set) var bytes: [UInt8] = []
    private var structures: [StructureSchema] = []

    package init() {}

    package mutating func beginStructure(_ schema: StructureSchema) {
        structures.append(schema)
        bytes.append(0xBF)
    }

    package mutating func member(_ index: Int) {
        if let name = structures.last?.members[index].name { string(name) }
    }

    package mutating func endStructure() {
        structures.removeLast()
        bytes.append(0xFF)
    }

    package mutating func beginList(count: Int) { head(.array, UInt64(count)) }
    package mutating func item() {}
    package mutating func endList() {}

    package mutating func beginMap(count: Int) { head(.map, UInt64(count)) }
    package mutating func key(_ key: String) { string(key) }
    package mutating func endMap() {}

    package mutating func string(_ value: String) {
        head(.text, UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    package mutating func boolean(_ value: Bool) { bytes.append(value ? 0xF5 : 0xF4) }

    package mutating func integer(_ value: Int) {
        if value >= 0 { head(.unsigned, UInt64(value)) } else { head(.negative, UInt64(-1 - value)) }
    }

    package mutating func double(_ value: Double) {
        bytes.append(0xFB)
        fixed(value.isNaN ? 0x7FF8_0000_0000_0000 : value.bitPattern, count: 8)
    }

    package mutating func blob(_ value: [UInt8]) {
        head(.bytes, UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    package mutating func timestamp(_ value: Timestamp) {
        head(.tag, 1)
        if value.milliseconds % 1000 == 0 { integer(Int(value.seconds)) } else { double(value.epochSeconds) }
    }

    /// Bodies that are not held in memory do not exist in this protocol; what is in memory goes out as a blob.
    package mutating func stream(_ value: ByteStream) {
        if case .buffer(let buffer) = value.source {
            blob(Array(buffer.readableBytesView))
        } else {
            bytes.append(0xF6)
        }
    }

    private mutating func head(_ major: CBORScanner.Major, _ argument: UInt64) {
        let type = major.rawValue << 5
        switch argument {
        case 0..<24: bytes.append(type | UInt8(argument))
        case 24...0xFF:
            bytes.append(type | 24)
            fixed(argument, count: 1)
        case 0x100...0xFFFF:
            bytes.append(type | 25)
            fixed(argument, count: 2)
        case 0x1_0000...0xFFFF_FFFF:
            bytes.append(type | 26)
            fixed(argument, count: 4)
        default:
            bytes.append(type | 27)
            fixed(argument, count: 8)
        }
    }

    private mutating func fixed(_ value: UInt64, count: Int) {
        for position in stride(from: (count - 1) * 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(position)))
        }
    }
}
