import NIOCore

/// A JSON value to be written. The members of an object keep their order.
enum JSON: Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([(name: String, value: JSON)])

    /// A string, or null.
    init(_ text: String?) { self = text.map(JSON.string) ?? .null }
    /// An integer, or null.
    init(_ value: Int?) { self = value.map(JSON.integer) ?? .null }

    func write(to buffer: inout ByteBuffer) {
        switch self {
        case .null: buffer.writeStaticString("null")
        case .bool(let value): buffer.writeString(value ? "true" : "false")
        case .integer(let value): buffer.writeString(String(value))
        case .number(let value): buffer.writeString(value.isFinite ? "\(value)" : "null")
        case .string(let text): Self.write(text, to: &buffer)
        case .array(let items):
            buffer.writeStaticString("[")
            for (index, item) in items.enumerated() {
                if index > 0 { buffer.writeStaticString(",") }
                item.write(to: &buffer)
            }
            buffer.writeStaticString("]")
        case .object(let members):
            buffer.writeStaticString("{")
            Self.write(members, to: &buffer)
            buffer.writeStaticString("}")
        }
    }

    /// Writes members without the braces around them.
    static func write(_ members: [(name: String, value: JSON)], to buffer: inout ByteBuffer) {
        for (index, member) in members.enumerated() {
            if index > 0 { buffer.writeStaticString(",") }
            write(member.name, to: &buffer)
            buffer.writeStaticString(":")
            member.value.write(to: &buffer)
        }
    }

    private static func write(_ text: String, to buffer: inout ByteBuffer) {
        buffer.writeStaticString("\"")
        // Whatever needs no escape goes out in one piece.
        var text = text
        text.withUTF8 { bytes in
            var start = 0
            for (index, byte) in bytes.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C || byte == 0x7F {
                buffer.writeBytes(bytes[start..<index])
                start = index + 1
                writeEscape(of: byte, to: &buffer)
            }
            buffer.writeBytes(bytes[start...])
        }
        buffer.writeStaticString("\"")
    }

    private static func writeEscape(of byte: UInt8, to buffer: inout ByteBuffer) {
        switch byte {
        case 0x22: buffer.writeStaticString("\\\"")
        case 0x5C: buffer.writeStaticString("\\\\")
        case 0x0A: buffer.writeStaticString("\\n")
        case 0x0D: buffer.writeStaticString("\\r")
        case 0x09: buffer.writeStaticString("\\t")
        default:
            buffer.writeStaticString("\\u00")
            let digits = Array("0123456789abcdef".utf8)
            buffer.writeInteger(digits[Int(byte >> 4)])
            buffer.writeInteger(digits[Int(byte & 15)])
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral {
    init(stringLiteral value: String) { self = .string(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(integerLiteral value: Int) { self = .integer(value) }
}
