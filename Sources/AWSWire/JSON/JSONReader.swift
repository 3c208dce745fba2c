import Ground
import NIOCore

/// Reads awsJson 1.0 and 1.1, in one pass over the bytes.
///
/// Members are named by the model. Timestamps are seconds since the epoch; text forms are taken too, since some
/// services' clients send them. Where a key comes twice, the last one counts, as with AWS.
package struct JSONReader: ShapeReader {
    private struct Frame {
        let schema: StructureSchema?
        let isList: Bool
        var isFirst = true
        /// The member that is being read, for messages.
        var member: Int?
    }

    private var scanner: JSONScanner
    private var frames: [Frame] = []
    private var items = 0

    package init(_ bytes: [UInt8]) { scanner = JSONScanner(bytes) }

    package init(_ buffer: ByteBuffer) { self.init(Array(buffer.readableBytesView)) }

    /// Checks that nothing but white space is left.
    package mutating func finish() throws(WireError) {
        scanner.skipSpace()
        guard scanner.isAtEnd else { throw scanner.malformed("text behind the document") }
    }

    // MARK: Structures, lists, maps

    package mutating func beginStructure(_ schema: StructureSchema) throws(WireError) {
        try begin("{", Frame(schema: schema, isList: false), expected: "a structure", cost: WireLimits.structureCost)
    }

    package mutating func nextMember() throws(WireError) -> Int? {
        while let key = try nextEntry() {
            guard let index = frames.last?.schema?.indexByName[key] else {
                try scanner.skipValue(depth: frames.count)
                continue
            }
            if try scanner.skipNull() { continue }
            frames[frames.count - 1].member = index
            return index
        }
        return nil
    }

    package mutating func beginList() throws(WireError) {
        try begin("[", Frame(schema: nil, isList: true), expected: "a list", cost: 1)
    }

    package mutating func nextItem() throws(WireError) -> Bool {
        while true {
            guard try advance(closing: "]") else { return false }
            if try !scanner.skipNull() { return true }
        }
    }

    package mutating func beginMap() throws(WireError) {
        try begin("{", Frame(schema: nil, isList: false), expected: "a map", cost: 1)
    }

    package mutating func nextKey() throws(WireError) -> String? {
        while let key = try nextEntry() {
            if try !scanner.skipNull() { return key }
        }
        return nil
    }

    // MARK: Scalars

    package mutating func string() throws(WireError) -> String {
        guard scanner.peek() == UInt8(ascii: "\"") else { throw mistyped("a String") }
        return try scanner.string()
    }

    package mutating func boolean() throws(WireError) -> Bool {
        switch scanner.peek() {
        case UInt8(ascii: "t"):
            try scanner.word("true")
            return true
        case UInt8(ascii: "f"):
            try scanner.word("false")
            return false
        default: throw mistyped("a Boolean")
        }
    }

    package mutating func integer() throws(WireError) -> Int {
        guard scanner.isAtNumber else { throw mistyped("an Integer") }
        let number = try scanner.number()
        if let value = number.integer { return value }
        guard let value = number.double, let exact = Int(exactly: value) else { throw mistyped("an Integer") }
        return exact
    }

    package mutating func double() throws(WireError) -> Double {
        if scanner.isAtNumber {
            guard let value = try scanner.number().double else { throw mistyped("a Double") }
            return value
        }
        switch scanner.peek() == UInt8(ascii: "\"") ? try scanner.string() : "" {
        case "NaN": return .nan
        case "Infinity": return .infinity
        case "-Infinity": return -.infinity
        default: throw mistyped("a Double")
        }
    }

    package mutating func blob() throws(WireError) -> [UInt8] {
        guard let bytes = Base64.decode(try string()) else { throw mistyped("a Blob in base64") }
        return bytes
    }

    package mutating func timestamp() throws(WireError) -> Timestamp {
        let value: Timestamp?
        if scanner.isAtNumber {
            value = try scanner.number().double.flatMap { Timestamp(epochSeconds: $0) }
        } else if scanner.peek() == UInt8(ascii: "\"") {
            value = ScalarText.timestamp(try scanner.string(), format: .iso8601)
        } else {
            value = nil
        }
        guard let value else { throw mistyped("a Timestamp") }
        return value
    }

    package mutating func stream() throws(WireError) -> ByteStream { ByteStream(try blob()) }

    /// The text of a scalar of whatever type; `nil` for a structure, list or null, which is passed over.
    mutating func anyScalar() throws(WireError) -> String? {
        switch scanner.peek() {
        case UInt8(ascii: "\""): return try scanner.string()
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return ScalarText.text(try boolean())
        case _ where scanner.isAtNumber: return try scanner.number().text
        default:
            try scanner.skipValue(depth: frames.count)
            return nil
        }
    }

    // MARK: Punctuation

    private mutating func begin(
        _ opening: Unicode.Scalar, _ frame: Frame, expected: String, cost: Int
    ) throws(WireError) {
        guard scanner.peek() == UInt8(ascii: opening) else { throw mistyped(expected) }
        guard frames.count < WireLimits.depth else { throw .tooLarge("nested deeper than \(WireLimits.depth)") }
        try count(cost)
        scanner.advance()
        frames.append(frame)
    }

    /// The next key of an object, its value not yet read; `nil` at the end of the object.
    private mutating func nextEntry() throws(WireError) -> String? {
        guard try advance(closing: "}") else { return nil }
        guard scanner.peek() == UInt8(ascii: "\"") else { throw scanner.malformed("a key was expected") }
        let key = try scanner.string()
        guard scanner.peek() == UInt8(ascii: ":") else { throw scanner.malformed("':' was expected") }
        scanner.advance()
        return key
    }

    /// Moves to the next item or entry; false at the end, which is passed.
    private mutating func advance(closing: Unicode.Scalar) throws(WireError) -> Bool {
        let top = frames.count - 1
        let next = scanner.peek()
        if next == UInt8(ascii: closing) {
            scanner.advance()
            frames.removeLast()
            return false
        }
        if frames[top].isFirst {
            frames[top].isFirst = false
        } else {
            guard next == UInt8(ascii: ",") else { throw scanner.malformed("',' was expected") }
            scanner.advance()
            // A closing bracket behind a comma is refused where a value or key is expected.
            if scanner.peek() == UInt8(ascii: closing) { throw scanner.malformed("nothing behind ','") }
        }
        try count(1)
        return true
    }

    private mutating func count(_ cost: Int) throws(WireError) {
        items += cost
        guard items <= WireLimits.items else { throw .tooLarge("more than \(WireLimits.items) items") }
    }

    /// The error for a value that is not what the schema says; a broken document is told as such.
    private func mistyped(_ expected: String) -> WireError {
        guard !scanner.isAtEndAfterSpace else { return .malformed("the document ends too early") }
        for frame in frames.reversed() {
            if let schema = frame.schema, let member = frame.member {
                return .mistyped(member: schema.members[member].name, expected: expected)
            }
        }
        return .mistyped(member: "", expected: expected)
    }
}
