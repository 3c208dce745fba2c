import Ground

/// One request as it is told in the log, in the live view and in the metrics.
public struct RequestRecord: Sendable {
    public let time: Timestamp
    public let requestID: String
    /// `s3`, `sts`, or `skylab` for our own paths; empty where it could not be told.
    public let service: String
    public let operation: String
    /// Who called: an ARN or `anonymous`; empty before that is known.
    public let principal: String
    public let status: Int
    /// The error's code.
    public let errorCode: String?
    public let duration: Duration
    /// Bytes of the answer's body, where known beforehand.
    public let bytes: Int64
    public let path: String

    /// The duration as people read it.
    public var milliseconds: String { "\(duration.milliseconds) ms" }

    /// `key=value` pairs; text with spaces or control characters in it is quoted.
    var line: String {
        var line = "\(time.iso8601(milliseconds: true)) level=\(status >= 500 ? "error" : "info") request=\(requestID)"
        line += " service=\(service) operation=\(operation) principal=\(principal) status=\(status)"
        if let errorCode { line += " code=\(errorCode)" }
        line += " ms=\(duration.milliseconds) bytes=\(bytes) path=\(Self.quoted(path))"
        return line
    }

    static func quoted(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 <= 0x20 || $0 == UInt8(ascii: "\"") || $0 == 0x7F }) else { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\n": quoted += "\\n"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                quoted += "\\u{\(String(scalar.value, radix: 16))}"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension Duration {
    /// In thousandths, with three places.
    var milliseconds: String {
        let microseconds = components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
        let fraction = String(microseconds % 1000)
        return "\(microseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
    }
}
