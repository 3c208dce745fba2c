/// Percent-encoding of RFC 3986, as AWS signs it: everything but unreserved characters is escaped, in upper case.
public enum PercentEncoding {
    /// - Parameter slash: whether `/` stays as it is, as in a path.
    public static func encode(_ text: some StringProtocol, keepingSlash slash: Bool = false) -> String {
        encode(text.utf8, keepingSlash: slash)
    }

    /// - Parameter slash: whether `/` stays as it is, as in a path.
    public static func encode(_ bytes: some Sequence<UInt8>, keepingSlash slash: Bool = false) -> String {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(bytes.underestimatedCount)
        for byte in bytes {
            if isUnreserved(byte) || (slash && byte == UInt8(ascii: "/")) {
                encoded.append(byte)
            } else {
                encoded.append(UInt8(ascii: "%"))
                encoded.append(digit(byte >> 4))
                encoded.append(digit(byte & 0x0F))
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// Decodes once; `nil` where a `%` is not followed by two hexadecimal digits.
    /// - Parameter plusIsSpace: whether `+` means a space, as in a form.
    public static func decodeBytes(_ text: some StringProtocol, plusIsSpace: Bool = false) -> [UInt8]? {
        decodeBytes(text.utf8, plusIsSpace: plusIsSpace)
    }

    /// Decodes once; `nil` where a `%` is not followed by two hexadecimal digits.
    /// - Parameter plusIsSpace: whether `+` means a space, as in a form.
    public static func decodeBytes(_ text: some Sequence<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.underestimatedCount)
        var rest = text.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(Hex.value(of:)), let low = rest.next().flatMap(Hex.value(of:))
                else {
                    return nil
                }
                decoded.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: decoded.append(UInt8(ascii: " "))
            default: decoded.append(byte)
            }
        }
        return decoded
    }

    /// Decodes once; `nil` where an escape is broken or the bytes are not UTF-8.
    /// - Parameter plusIsSpace: whether `+` means a space, as in a form.
    public static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
        decodeBytes(text.utf8, plusIsSpace: plusIsSpace).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// Letters, digits and `-._~`.
    public static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}
