/// A small JSON object, written member by member in their order: for what this product says of itself. AWS's documents go
/// through the codecs.
public struct JSONObject: Sendable {
    private var members: [String] = []

    public init() {}

    public var text: String { "{" + members.joined(separator: ", ") + "}" }

    public mutating func add(_ name: String, _ value: String) { members.append("\"\(name)\": \(Self.quoted(value))") }
    public mutating func add(_ name: String, _ value: Int) { members.append("\"\(name)\": \(value)") }
    public mutating func add(_ name: String, _ value: Bool) { members.append("\"\(name)\": \(value)") }
    /// A member whose value is JSON already.
    public mutating func add(_ name: String, json: String) { members.append("\"\(name)\": \(json)") }

    /// A JSON string.
    public static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
