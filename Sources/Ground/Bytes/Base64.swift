/// Base64 of RFC 4648 section 4, padded.
public enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")

    /// Value of each character; 0xFF marks what is outside of the alphabet.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.underestimatedCount + 2) / 3 * 4)
        var bits: UInt32 = 0
        var held = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            held += 1
            if held == 3 {
                append(bits, characters: 4, to: &text)
                bits = 0
                held = 0
            }
        }
        if held > 0 {
            append(bits << UInt32((3 - held) * 8), characters: held + 1, to: &text)
            for _ in held..<3 { text.append(padding) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes behind `text`; `nil` unless it is exactly what ``encode(_:)`` writes for them: padded, no white space,
    /// no stray bits behind the last byte.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count / 4 * 3)
        var bits: UInt32 = 0
        var held = 0
        var padded = 0
        for character in text.utf8 {
            if character == padding {
                padded += 1
                continue
            }
            let value = values[Int(character)]
            guard padded == 0, value != 0xFF else { return nil }
            bits = bits << 6 | UInt32(value)
            held += 1
            if held == 4 {
                bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
                bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
                bytes.append(UInt8(truncatingIfNeeded: bits))
                bits = 0
                held = 0
            }
        }
        switch (held, padded) {
        case (0, 0): break
        case (2, 2) where bits & 0x0F == 0: bytes.append(UInt8(truncatingIfNeeded: bits >> 4))
        case (3, 1) where bits & 0x03 == 0:
            bytes.append(UInt8(truncatingIfNeeded: bits >> 10))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 2))
        default: return nil
        }
        return bytes
    }

    /// Writes the leading `characters` of the four that 24 bits make.
    private static func append(_ bits: UInt32, characters: Int, to text: inout [UInt8]) {
        for position in 0..<characters {
            text.append(alphabet[Int(bits >> UInt32(18 - position * 6) & 0x3F)])
        }
    }
}
