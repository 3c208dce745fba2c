/// The data items of a CBOR document (RFC 8949), as far as rpcv2Cbor uses them.
struct CBORScanner {
    /// The major types.
    enum Major: UInt8 {
        case unsigned, negative, bytes, text, array, map, tag, simple
    }

    enum Scalar {
        case boolean(Bool)
        case integer(Int128)
        case float(Double)
        /// Tag 1, in seconds.
        case timestamp(Double)

        var text: String {
            switch self {
            case .boolean(let value): ScalarText.text(value)
            case .integer(let value): String(value)
            case .float(let value), .timestamp(let value): ScalarText.text(value)
            }
        }
    }

    private static let breakByte: UInt8 = 0xFF
    private static let indefinite: UInt8 = 31

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    /// The major type of the next item, which stays unread.
    func peek() throws(WireError) -> Major? {
        guard position < bytes.count else { throw malformed("the document ends too early") }
        return Major(rawValue: bytes[position] >> 5)
    }

    mutating func skipBreak() -> Bool {
        guard position < bytes.count, bytes[position] == Self.breakByte else { return false }
        position += 1
        return true
    }

    /// Passes over null and undefined; false where the next item is another.
    mutating func skipNull() -> Bool {
        guard position < bytes.count, bytes[position] == 0xF6 || bytes[position] == 0xF7 else { return false }
        position += 1
        return true
    }

    /// Opens the array or map that comes next: the number of its items or entries, `nil` where a break ends them.
    mutating func beginContainer() throws(WireError) -> UInt64? {
        let (_, information) = try head()
        guard information != Self.indefinite else { return nil }
        let count = try argument(information)
        // Each item has a byte at least, so what claims more than is there can't be true.
        guard count <= UInt64(bytes.count - position) else { throw malformed("the document ends too early") }
        return count
    }

    mutating func text() throws(WireError) -> String {
        guard let text = String(validating: try string(.text), as: UTF8.self) else {
            throw malformed("text that is not UTF-8")
        }
        return text
    }

    mutating func byteString() throws(WireError) -> [UInt8] { Array(try string(.bytes)) }

    /// A number, truth value or tagged timestamp; `nil` where the next item is none, and is not read.
    mutating func scalar() throws(WireError) -> Scalar? {
        let start = position
        let (major, information) = try head()
        switch major {
        case .unsigned: return .integer(Int128(try argument(information)))
        case .negative: return .integer(-1 - Int128(try argument(information)))
        case .simple:
            switch information {
            case 20: return .boolean(false)
            case 21: return .boolean(true)
            case 25: return .float(Self.half(UInt16(try fixed(2))))
            case 26: return .float(Double(Float(bitPattern: UInt32(try fixed(4)))))
            case 27: return .float(Double(bitPattern: try fixed(8)))
            default: break
            }
        case .tag: return try tagged(argument(information))
        case .bytes, .text, .array, .map: break
        }
        position = start
        return nil
    }

    private mutating func tagged(_ tag: UInt64) throws(WireError) -> Scalar {
        switch tag {
        case 1:
            guard try peek() != .tag else { throw malformed("a timestamp that is no number") }
            switch try scalar() {
            case .integer(let value): return .timestamp(Double(value))
            case .float(let value): return .timestamp(value)
            default: throw malformed("a timestamp that is no number")
            }
        case 2, 3:
            guard try peek() == .bytes else { throw malformed("a big number without bytes") }
            let digits = try string(.bytes).drop { $0 == 0 }
            guard digits.count <= 8 else { throw .tooLarge("a number beyond 64 bits") }
            let magnitude = digits.reduce(into: Int128(0)) { $0 = $0 << 8 | Int128($1) }
            return .integer(tag == 2 ? magnitude : -1 - magnitude)
        default: throw malformed("an unknown tag")
        }
    }

    /// Passes over an item of any type, whose form is checked.
    /// - Parameter depth: how many structures, lists and maps are open already.
    mutating func skipValue(depth: Int) throws(WireError) {
        guard depth <= WireLimits.depth else { throw .tooLarge("nested deeper than \(WireLimits.depth)") }
        switch try peek() {
        case .bytes: _ = try string(.bytes)
        case .text: _ = try string(.text)
        case .array, .map:
            let isMap = try peek() == .map
            if let count = try beginContainer() {
                for _ in 0..<count {
                    try skipValue(depth: depth + 1)
                    if isMap { try skipValue(depth: depth + 1) }
                }
            } else {
                while !skipBreak() {
                    try skipValue(depth: depth + 1)
                    if isMap { try skipValue(depth: depth + 1) }
                }
            }
        case .tag:
            let (_, information) = try head()
            _ = try argument(information)
            try skipValue(depth: depth + 1)
        case .unsigned, .negative, .simple, nil:
            if skipNull() { return }
            guard try scalar() != nil else { throw malformed("an unknown simple value") }
        }
    }

    // MARK: Heads

    private mutating func head() throws(WireError) -> (major: Major, information: UInt8) {
        guard let major = try peek() else { throw malformed("an unknown type") }
        let information = bytes[position] & 0x1F
        position += 1
        return (major, information)
    }

    private mutating func argument(_ information: UInt8) throws(WireError) -> UInt64 {
        switch information {
        case 0..<24: UInt64(information)
        case 24: try fixed(1)
        case 25: try fixed(2)
        case 26: try fixed(4)
        case 27: try fixed(8)
        default: throw malformed("a length of unknown form")
        }
    }

    private mutating func fixed(_ count: Int) throws(WireError) -> UInt64 {
        guard bytes.count - position >= count else { throw malformed("the document ends too early") }
        var value: UInt64 = 0
        for _ in 0..<count {
            value = value << 8 | UInt64(bytes[position])
            position += 1
        }
        return value
    }

    /// A string of the given major type, its chunks put together.
    private mutating func string(_ expected: Major) throws(WireError) -> ArraySlice<UInt8> {
        let (_, information) = try head()
        guard information == Self.indefinite else { return try take(argument(information)) }
        var whole: ArraySlice<UInt8> = []
        while !skipBreak() {
            let (major, information) = try head()
            guard major == expected, information != Self.indefinite else { throw malformed("a broken string") }
            whole += try take(argument(information))
        }
        return whole
    }

    private mutating func take(_ count: UInt64) throws(WireError) -> ArraySlice<UInt8> {
        guard count <= UInt64(bytes.count - position) else { throw malformed("the document ends too early") }
        let slice = bytes[position..<position + Int(count)]
        position += Int(count)
        return slice
    }

    /// IEEE 754 binary16, which not every platform has as a type.
    private static func half(_ bits: UInt16) -> Double {
        let magnitude: Double
        let exponent = Int(bits >> 10 & 0x1F)
        let fraction = Double(bits & 0x3FF)
        switch exponent {
        case 0: magnitude = fraction * 0x1p-24
        case 31: magnitude = fraction == 0 ? .infinity : .nan
        default: magnitude = (1 + fraction * 0x1p-10) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
        }
        return bits & 0x8000 == 0 ? magnitude : -magnitude
    }

    func malformed(_ what: String) -> WireError { .malformed("\(what) at byte \(position)") }
}
