/// The tokens of a JSON document (RFC 8259), taken strictly.
struct JSONScanner {
    /// A number as it stands in the document.
    struct Number {
        let text: String
        /// The value, where the text is an integer and fits.
        let integer: Int?

        /// `nil` where the value is beyond any double.
        var double: Double? {
            if let integer { return Double(integer) }
            guard let value = Double(text), value.isFinite else { return nil }
            return value
        }
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    var isAtEndAfterSpace: Bool {
        var copy = self
        return copy.peek() == nil
    }

    mutating func advance() { position += 1 }

    mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    /// The first byte of the next token, which stays unread.
    mutating func peek() -> UInt8? {
        skipSpace()
        return position < bytes.count ? bytes[position] : nil
    }

    var isAtNumber: Bool {
        mutating get {
            guard let next = peek() else { return false }
            return next == UInt8(ascii: "-") || Self.isDigit(next)
        }
    }

    mutating func word(_ word: StaticString) throws(WireError) {
        skipSpace()
        for offset in 0..<word.utf8CodeUnitCount {
            guard position < bytes.count, bytes[position] == word.utf8Start[offset] else {
                throw malformed("an unknown word")
            }
            position += 1
        }
    }

    /// Passes over `null`; false where the next value is another.
    mutating func skipNull() throws(WireError) -> Bool {
        guard peek() == UInt8(ascii: "n") else { return false }
        try word("null")
        return true
    }

    /// The string that begins here.
    mutating func string() throws(WireError) -> String {
        position += 1
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let text = String(validating: bytes[start..<position], as: UTF8.self)
                position += 1
                guard let text else { throw malformed("text that is not UTF-8") }
                return text
            case UInt8(ascii: "\\"): return try escapedString(from: start)
            case 0..<0x20: throw malformed("a control character in a string")
            default: position += 1
            }
        }
        throw malformed("a string without end")
    }

    private mutating func escapedString(from start: Int) throws(WireError) -> String {
        var text = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: text, as: UTF8.self) else {
                    throw malformed("text that is not UTF-8")
                }
                return text
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw malformed("a control character in a string")
            default: text.append(byte)
            }
        }
        throw malformed("a string without end")
    }

    /// The character behind a backslash.
    private mutating func escape(into text: inout [UInt8]) throws(WireError) {
        guard position < bytes.count else { throw malformed("a string without end") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = UInt32(try hexadecimal())
            if (0xD800..<0xDC00).contains(code) {
                guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                    bytes[position + 1] == UInt8(ascii: "u")
                else { throw malformed("half a surrogate pair") }
                position += 2
                let low = UInt32(try hexadecimal())
                guard (0xDC00..<0xE000).contains(low) else { throw malformed("half a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw malformed("half a surrogate pair") }
            text.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
        default: throw malformed("an unknown escape")
        }
    }

    private mutating func hexadecimal() throws(WireError) -> UInt16 {
        guard position + 4 <= bytes.count else { throw malformed("a string without end") }
        var value: UInt16 = 0
        for _ in 0..<4 {
            let digit = bytes[position]
            position += 1
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt16(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt16(digit - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt16(digit - UInt8(ascii: "A") + 10)
            default: throw malformed("an unknown escape")
            }
        }
        return value
    }

    /// The number that begins here.
    mutating func number() throws(WireError) -> Number {
        skipSpace()
        let start = position
        let isNegative = position < bytes.count && bytes[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        let digits = position
        guard skipDigits() else { throw malformed("a number without digits") }
        if bytes[digits] == UInt8(ascii: "0"), position - digits > 1 { throw malformed("a number with leading zero") }
        let integerEnd = position
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            guard skipDigits() else { throw malformed("a number without digits") }
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            guard skipDigits() else { throw malformed("a number without digits") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        return Number(text: text, integer: position == integerEnd ? Int(text) : nil)
    }

    private mutating func skipDigits() -> Bool {
        let start = position
        while position < bytes.count, Self.isDigit(bytes[position]) { position += 1 }
        return position > start
    }

    /// Passes over a value of any type, whose form is checked.
    /// - Parameter depth: how many structures, lists and maps are open already.
    mutating func skipValue(depth: Int) throws(WireError) {
        switch peek() {
        case UInt8(ascii: "{"): try skipContainer(closing: UInt8(ascii: "}"), isObject: true, depth: depth + 1)
        case UInt8(ascii: "["): try skipContainer(closing: UInt8(ascii: "]"), isObject: false, depth: depth + 1)
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        default:
            guard isAtNumber else { throw malformed("a value was expected") }
            _ = try number()
        }
    }

    private mutating func skipContainer(closing: UInt8, isObject: Bool, depth: Int) throws(WireError) {
        guard depth <= WireLimits.depth else { throw .tooLarge("nested deeper than \(WireLimits.depth)") }
        position += 1
        if peek() == closing {
            position += 1
            return
        }
        while true {
            if isObject {
                guard peek() == UInt8(ascii: "\"") else { throw malformed("a key was expected") }
                _ = try string()
                guard peek() == UInt8(ascii: ":") else { throw malformed("':' was expected") }
                position += 1
            }
            try skipValue(depth: depth)
            let next = peek()
            guard next == UInt8(ascii: ",") || next == closing else { throw malformed("',' was expected") }
            position += 1
            if next == closing { return }
        }
    }

    func malformed(_ what: String) -> WireError { .malformed("\(what) at byte \(position)") }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
