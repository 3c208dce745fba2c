import Ground
import NIOCore

/// Reads rpcv2Cbor: maps, arrays and strings of definite and indefinite length, timestamps in tag 1, big integers where
/// they fit, floats of all widths. A key that comes twice is refused.
package struct CBORReader: ShapeReader {
    private struct Frame {
        let schema: StructureSchema?
        /// Items or entries that are left; `nil` until a break ends them.
        var remaining: UInt64?
        /// Keys that have been read.
        var keys: Set<String> = []
        /// The member that is being read, for messages.
        var member: Int?
    }

    private var scanner: CBORScanner
    private var frames: [Frame] = []
    private var items = 0

    package init(_ bytes: [UInt8]) { scanner = CBORScanner(bytes) }

    package init(_ buffer: ByteBuffer) { self.init(Array(buffer.readableBytesView)) }

    /// Checks that nothing is left.
    package func finish() throws(WireError) {
        guard scanner.isAtEnd else { throw scanner.malformed("bytes behind the document") }
    }

    // MARK: Structures, lists, maps

    package mutating func beginStructure(_ schema: StructureSchema) throws(WireError) {
        try begin(.map, schema, expected: "a structure", cost: WireLimits.structureCost)
    }

    package mutating func nextMember() throws(WireError) -> Int? {
        while let key = try nextEntry() {
            guard let index = frames.last?.schema?.indexByName[key] else {
                try scanner.skipValue(depth: frames.count)
                continue
            }
            if scanner.skipNull() { continue }
            frames[frames.count - 1].member = index
            return index
        }
        return nil
    }

    package mutating func beginList() throws(WireError) {
        try begin(.array, nil, expected: "a list", cost: 1)
    }

    package mutating func nextItem() throws(WireError) -> Bool {
        while true {
            guard try advance() else { return false }
            if !scanner.skipNull() { return true }
        }
    }

    package mutating func beginMap() throws(WireError) {
        try begin(.map, nil, expected: "a map", cost: 1)
    }

    package mutating func nextKey() throws(WireError) -> String? {
        while let key = try nextEntry() {
            if !scanner.skipNull() { return key }
        }
        return nil
    }

    // MARK: Scalars

    package mutating func string() throws(WireError) -> String {
        guard try scanner.peek() == .text else { throw mistyped("a String") }
        return try scanner.text()
    }

    package mutating func boolean() throws(WireError) -> Bool {
        guard case .boolean(let value) = try scalar("a Boolean") else { throw mistyped("a Boolean") }
        return value
    }

    package mutating func integer() throws(WireError) -> Int {
        switch try scalar("an Integer") {
        case .integer(let value):
            guard let value = Int(exactly: value) else { throw mistyped("an Integer") }
            return value
        case .float(let value):
            guard let value = Int(exactly: value) else { throw mistyped("an Integer") }
            return value
        default: throw mistyped("an Integer")
        }
    }

    package mutating func double() throws(WireError) -> Double {
        switch try scalar("a Double") {
        case .integer(let value): return Double(value)
        case .float(let value): return value
        default: throw mistyped("a Double")
        }
    }

    package mutating func blob() throws(WireError) -> [UInt8] {
        guard try scanner.peek() == .bytes else { throw mistyped("a Blob") }
        return try scanner.byteString()
    }

    package mutating func timestamp() throws(WireError) -> Timestamp {
        guard case .timestamp(let seconds) = try scalar("a Timestamp"), let value = Timestamp(epochSeconds: seconds)
        else { throw mistyped("a Timestamp") }
        return value
    }

    package mutating func stream() throws(WireError) -> ByteStream { ByteStream(try blob()) }

    /// The text of a scalar of whatever type; `nil` for anything else, which is passed over.
    mutating func anyScalar() throws(WireError) -> String? {
        switch try scanner.peek() {
        case .text: return try scanner.text()
        case .unsigned, .negative: return try scalar("").text
        case .simple where !scanner.skipNull(): return try scalar("").text
        case .simple: return nil
        default:
            try scanner.skipValue(depth: frames.count)
            return nil
        }
    }

    private mutating func scalar(_ expected: String) throws(WireError) -> CBORScanner.Scalar {
        guard let scalar = try scanner.scalar() else { throw mistyped(expected) }
        return scalar
    }

    // MARK: Counting

    private mutating func begin(
        _ major: CBORScanner.Major, _ schema: StructureSchema?, expected: String, cost: Int
    ) throws(WireError) {
        guard try scanner.peek() == major else { throw mistyped(expected) }
        guard frames.count < WireLimits.depth else { throw .tooLarge("nested deeper than \(WireLimits.depth)") }
        try count(cost)
        frames.append(Frame(schema: schema, remaining: try scanner.beginContainer()))
    }

    private mutating func nextEntry() throws(WireError) -> String? {
        guard try advance() else { return nil }
        guard try scanner.peek() == .text else { throw scanner.malformed("a key that is no text") }
        let key = try scanner.text()
        guard frames[frames.count - 1].keys.insert(key).inserted else {
            throw scanner.malformed("the key '\(key)' twice")
        }
        return key
    }

    /// Moves to the next item or entry; false at the end, which is passed.
    private mutating func advance() throws(WireError) -> Bool {
        let top = frames.count - 1
        if let remaining = frames[top].remaining {
            guard remaining > 0 else {
                frames.removeLast()
                return false
            }
            frames[top].remaining = remaining - 1
        } else if scanner.skipBreak() {
            frames.removeLast()
            return false
        }
        try count(1)
        return true
    }

    private mutating func count(_ cost: Int) throws(WireError) {
        items += cost
        guard items <= WireLimits.items else { throw .tooLarge("more than \(WireLimits.items) items") }
    }

    private func mistyped(_ expected: String) -> WireError {
        for frame in frames.reversed() {
            if let schema = frame.schema, let member = frame.member {
                return .mistyped(member: schema.members[member].name, expected: expected)
            }
        }
        return .mistyped(member: "", expected: expected)
    }
}
