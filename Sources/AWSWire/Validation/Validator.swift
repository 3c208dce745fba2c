import Ground

/// Checks a decoded input against what the model allows, and tells what is wrong in AWS's words, all of it at once:
/// `1 validation error detected: Value 'x' at 'clusterName' failed to satisfy constraint: Member must have length less
/// than or equal to 64`.
///
/// It is a writer that writes nothing: it walks the input as any codec does.
public struct Validator: ShapeWriter {
    /// As many errors are told; a document of thousands of wrong items does not make an answer of thousands.
    private static let mostErrors = 100
    /// As much of a value is told, in characters.
    private static let longestValue = 1024

    private struct Frame {
        /// The open structure; `nil` for a list or map.
        let structure: StructureSchema?
        let container: ValueSchema?
        /// Members that are there.
        var present: [Bool] = []
        var member = 0
        /// Number of the open item.
        var item = 0
        var key = ""
        var count = 0
        /// The items of a list of scalars, the entries of a map of scalars.
        var texts: [String] = []
        var hasWrongItem = false
        var hasWrongKey = false
    }

    private var frames: [Frame] = []
    private var errors: [String] = []

    /// AWS's message for what is wrong with `shape`; `nil` where nothing is.
    public static func check(_ shape: some Shape) -> String? {
        var validator = Validator()
        shape.write(to: &validator)
        let errors = validator.errors
        guard !errors.isEmpty else { return nil }
        let noun = errors.count == 1 ? "error" : "errors"
        return "\(errors.count) validation \(noun) detected: \(errors.joined(separator: "; "))"
    }

    private init() {}

    // MARK: Structures

    public mutating func beginStructure(_ schema: StructureSchema) {
        frames.append(
            Frame(structure: schema, container: nil, present: Array(repeating: false, count: schema.members.count)))
    }

    public mutating func member(_ index: Int) {
        frames[frames.count - 1].member = index
        frames[frames.count - 1].present[index] = true
    }

    public mutating func endStructure() {
        let top = frames.count - 1
        if let schema = frames[top].structure {
            for (index, member) in schema.members.enumerated()
            where member.traits.contains(.required) && !frames[top].present[index] {
                frames[top].member = index
                report("Value null", "Member must not be null")
            }
        }
        frames.removeLast()
    }

    // MARK: Lists and maps

    public mutating func beginList(count: Int) { beginContainer(count) }

    public mutating func item() { frames[frames.count - 1].item += 1 }

    public mutating func endList() {
        let frame = frames.removeLast()
        let value = "Value '\(Self.shortened("[\(frame.texts.joined(separator: ", "))]"))'"
        checkCount(frame, value)
        if frame.hasWrongItem, let constraint = frame.container?.item?.constraint {
            report(value, "Member must satisfy constraint: [\(Self.demands(constraint, isNumber: isNumber(frame)))]")
        }
    }

    public mutating func beginMap(count: Int) { beginContainer(count) }

    public mutating func key(_ key: String) {
        let top = frames.count - 1
        frames[top].key = key
        if let constraint = frames[top].container?.key?.constraint, !Self.broken(constraint, by: key).isEmpty {
            frames[top].hasWrongKey = true
        }
    }

    public mutating func endMap() {
        let frame = frames.removeLast()
        let value = "Value '\(Self.shortened("{\(frame.texts.joined(separator: ", "))}"))'"
        checkCount(frame, value)
        if frame.hasWrongKey, let constraint = frame.container?.key?.constraint {
            report(value, "Map keys must satisfy constraint: [\(Self.demands(constraint, isNumber: false))]")
        }
        if frame.hasWrongItem, let constraint = frame.container?.item?.constraint {
            report(value, "Map value must satisfy constraint: [\(Self.demands(constraint, isNumber: isNumber(frame)))]")
        }
    }

    private mutating func beginContainer(_ count: Int) {
        var frame = Frame(structure: nil, container: current)
        frame.count = count
        frames.append(frame)
    }

    private mutating func checkCount(_ frame: Frame, _ value: String) {
        guard let constraint = frame.container?.constraint else { return }
        for demand in Self.broken(constraint, length: frame.count) { report(value, demand) }
    }

    private func isNumber(_ frame: Frame) -> Bool {
        frame.container?.item?.kind == .integer || frame.container?.item?.kind == .double
    }

    // MARK: Scalars

    public mutating func string(_ value: String) {
        scalar(value) { Self.broken($0, by: value) }
    }

    public mutating func boolean(_ value: Bool) { scalar(ScalarText.text(value)) { _ in [] } }

    public mutating func integer(_ value: Int) {
        scalar(String(value)) { Self.broken($0, value: Double(value)) }
    }

    public mutating func double(_ value: Double) {
        scalar(ScalarText.text(value)) { Self.broken($0, value: value) }
    }

    public mutating func blob(_ value: [UInt8]) {
        scalar("java.nio.HeapByteBuffer") { Self.broken($0, length: value.count) }
    }

    public mutating func timestamp(_ value: Timestamp) { scalar(value.iso8601()) { _ in [] } }

    public mutating func stream(_ value: ByteStream) {}

    /// Items of lists and maps are told together, at the end of the list or map.
    private mutating func scalar(_ text: @autoclosure () -> String, _ broken: (Constraint) -> [String]) {
        let wrong = current?.constraint.map(broken) ?? []
        guard let top = frames.indices.last else { return }
        if let container = frames[top].container {
            guard container.constraint != nil || container.item?.constraint != nil || container.key?.constraint != nil
            else { return }
            if !wrong.isEmpty { frames[top].hasWrongItem = true }
            guard frames[top].texts.count < Self.mostErrors else { return }
            let text = Self.shortened(text())
            frames[top].texts.append(container.kind == .map ? "\(frames[top].key)=\(text)" : text)
        } else if !wrong.isEmpty, let structure = frames[top].structure {
            // What must not be logged is not told either.
            let isSensitive = structure.members[frames[top].member].traits.contains(.sensitive)
            let value = isSensitive ? "Value" : "Value '\(Self.shortened(text()))'"
            for demand in wrong { report(value, demand) }
        }
    }

    // MARK: Constraints

    /// The schema of the value that is being written.
    private var current: ValueSchema? {
        guard let frame = frames.last else { return nil }
        if let structure = frame.structure { return structure.members[frame.member].type }
        return frame.container?.item
    }

    private static func broken(_ constraint: Constraint, by text: String) -> [String] {
        var broken = broken(constraint, length: text.unicodeScalars.count)
        if let pattern = constraint.pattern, !PatternCache.matches(pattern, text) {
            broken.append(patternDemand(pattern))
        }
        if !constraint.values.isEmpty, !constraint.values.contains(text) { broken.append(enumDemand(constraint)) }
        return broken
    }

    private static func broken(_ constraint: Constraint, length: Int) -> [String] {
        var broken: [String] = []
        if let max = constraint.max, length > max { broken.append(demand("length", "less", max)) }
        if let min = constraint.min, length < min { broken.append(demand("length", "greater", min)) }
        return broken
    }

    private static func broken(_ constraint: Constraint, value: Double) -> [String] {
        var broken: [String] = []
        if let max = constraint.max, value > Double(max) { broken.append(demand("value", "less", max)) }
        if let min = constraint.min, value < Double(min) { broken.append(demand("value", "greater", min)) }
        return broken
    }

    /// All that a constraint demands, broken or not.
    private static func demands(_ constraint: Constraint, isNumber: Bool) -> String {
        let subject = isNumber ? "value" : "length"
        var demands: [String] = []
        if let max = constraint.max { demands.append(demand(subject, "less", max)) }
        if let min = constraint.min { demands.append(demand(subject, "greater", min)) }
        if let pattern = constraint.pattern { demands.append(patternDemand(pattern)) }
        if !constraint.values.isEmpty { demands.append(enumDemand(constraint)) }
        return demands.joined(separator: ", ")
    }

    private static func demand(_ subject: String, _ comparison: String, _ bound: Int) -> String {
        "Member must have \(subject) \(comparison) than or equal to \(bound)"
    }

    private static func patternDemand(_ pattern: String) -> String {
        "Member must satisfy regular expression pattern: \(pattern)"
    }

    private static func enumDemand(_ constraint: Constraint) -> String {
        "Member must satisfy enum value set: [\(constraint.values.joined(separator: ", "))]"
    }

    // MARK: Messages

    private mutating func report(_ value: String, _ demand: String) {
        guard errors.count < Self.mostErrors else { return }
        errors.append("\(value) at '\(path)' failed to satisfy constraint: \(demand)")
    }

    /// `tags.1.member.key`: names begin in lower case, an item is its number and `member`, a map's value its key and
    /// `member`.
    private var path: String {
        frames.map { frame in
            if let structure = frame.structure {
                let name = structure.members[frame.member].name
                return name.prefix(1).lowercased() + name.dropFirst()
            }
            return (frame.container?.kind == .map ? frame.key : String(frame.item)) + ".member"
        }.joined(separator: ".")
    }

    private static func shortened(_ text: String) -> String {
        text.utf8.count <= longestValue ? text : String(text.prefix(longestValue))
    }
}
