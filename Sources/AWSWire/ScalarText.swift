import Ground

/// Scalars as text: in XML elements, form fields, headers, query strings and URI labels. Readers take white space around
/// what is no string.
enum ScalarText {
    static func boolean(_ text: String) -> Bool? {
        switch text {
        case "true": true
        case "false": false
        default:
            switch trimmed(text).lowercased() {
            case "true": true
            case "false": false
            default: nil
            }
        }
    }

    static func integer(_ text: String) -> Int? { Int(text) ?? Int(trimmed(text)) }

    /// Decimal text, and AWS's words for what has none: `NaN`, `Infinity`, `-Infinity`.
    static func double(_ text: String) -> Double? {
        let text = trimmed(text)
        switch text {
        case "NaN": return .nan
        case "Infinity": return .infinity
        case "-Infinity": return -.infinity
        default:
            // Swift would also take `inf`, `nan(...)` and hexadecimal numbers.
            let isDecimal = text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"),
                    UInt8(ascii: "e"), UInt8(ascii: "E"):
                    true
                default: false
                }
            }
            return isDecimal ? Double(text) : nil
        }
    }

    /// A timestamp in the form that the schema names first, else in any of the three.
    static func timestamp(_ text: String, format: TimestampFormat) -> Timestamp? {
        let text = trimmed(text)
        switch format {
        case .iso8601:
            return Timestamp(iso8601: text) ?? Timestamp(httpDate: text) ?? Timestamp(epoch: text)
        case .rfc822:
            return Timestamp(httpDate: text) ?? Timestamp(iso8601: text) ?? Timestamp(epoch: text)
        case .epochSeconds:
            return Timestamp(epoch: text) ?? Timestamp(iso8601: text) ?? Timestamp(httpDate: text)
        }
    }

    static func blob(_ text: String) -> [UInt8]? {
        Base64.decode(text) ?? Base64.decode(text.filter { !$0.isWhitespace })
    }

    static func text(_ value: Bool) -> String { value ? "true" : "false" }

    static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        return value.description
    }

    /// - Parameter milliseconds: whether ISO 8601 always has them, as in answers of S3 and EC2.
    static func text(_ value: Timestamp, format: TimestampFormat, milliseconds: Bool) -> String {
        switch format {
        case .iso8601: value.iso8601(milliseconds: milliseconds)
        case .rfc822: value.httpDate
        case .epochSeconds: epoch(value)
        }
    }

    /// Seconds since the epoch: `1795507687`, or `1795507687.123`.
    static func epoch(_ value: Timestamp) -> String {
        let (seconds, rest) = value.milliseconds.magnitude.quotientAndRemainder(dividingBy: 1000)
        let sign = value.milliseconds < 0 ? "-" : ""
        guard rest != 0 else { return "\(sign)\(seconds)" }
        let digits = String(rest)
        return "\(sign)\(seconds).\(String(repeating: "0", count: 3 - digits.count))\(digits)"
    }

    private static func trimmed(_ text: String) -> String {
        func isSpace(_ byte: UInt8?) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
        guard isSpace(text.utf8.first) || isSpace(text.utf8.last) else { return text }
        let start = text.utf8.drop { isSpace($0) }
        let end = start.lastIndex { !isSpace($0) }.map { start.index(after: $0) } ?? start.startIndex
        return String(text[start.startIndex..<end])
    }
}
