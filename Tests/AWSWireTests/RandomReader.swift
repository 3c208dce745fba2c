import AWSWire
import Ground

/// A generator that gives the same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Reads documents that do not exist: any shape that is read from it comes out with random members. Values are such as
/// every protocol can carry: no empty lists or structures, header text in headers.
struct RandomReader: ShapeReader {
    private struct Frame {
        var structure: StructureSchema?
        var container: ValueSchema?
        var location = MemberSchema.Location.body
        /// Members to come, or the number of items to come.
        var members: [Int] = []
        var items = 0
    }

    private var generator: SeededGenerator
    private var frames: [Frame] = []
    private var value: ValueSchema?
    private var location = MemberSchema.Location.body
    private var payload = false

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }

    mutating func beginStructure(_ schema: StructureSchema) throws(WireError) {
        let depth = frames.count
        var members = schema.members.indices.filter { index in
            let member = schema.members[index]
            if member.location == .uri || member.traits.contains(.idempotencyToken) { return true }
            let isDeep = depth > 5 && [.structure, .list, .map].contains(member.type.kind)
            return !isDeep && chance(depth < 2 ? 60 : 30)
        }
        if members.isEmpty, !schema.members.isEmpty {
            members = [schema.members.firstIndex { ![.structure, .list, .map].contains($0.type.kind) } ?? 0]
        }
        members.shuffle(using: &generator)
        frames.append(Frame(structure: schema, members: members))
    }

    mutating func nextMember() throws(WireError) -> Int? {
        let top = frames.count - 1
        guard let index = frames[top].members.popLast(), let member = frames[top].structure?.members[index] else {
            frames.removeLast()
            return nil
        }
        value = member.type
        location = member.location
        payload = member.traits.contains(.payload)
        return index
    }

    mutating func beginList() throws(WireError) { begin() }

    mutating func nextItem() throws(WireError) -> Bool { next() }

    mutating func beginMap() throws(WireError) { begin() }

    mutating func nextKey() throws(WireError) -> String? {
        guard next() else { return nil }
        return location == .body
            ? "key \(Int.random(in: 0..<1000, using: &generator)) é&<"
            : "key\(Int.random(in: 0..<99, using: &generator))"
    }

    private mutating func begin() {
        let count = Int.random(in: 1...3, using: &generator)
        frames.append(Frame(container: value, location: location, items: count))
    }

    private mutating func next() -> Bool {
        let top = frames.count - 1
        guard frames[top].items > 0 else {
            frames.removeLast()
            return false
        }
        frames[top].items -= 1
        value = frames[top].container?.item
        location = frames[top].location
        payload = false
        return true
    }

    mutating func string() throws(WireError) -> String {
        let alphabet: [Character] =
            location == .header || location == .prefixHeaders || payload
            ? Array("abcXYZ019-_/+=,\"%&") : Array("abc XYZ019\t\n\r<>&\"'%+é漢🐝/?#=;.:")
        let count = Int.random(in: 1...12, using: &generator)
        return String((0..<count).map { _ in alphabet.randomElement(using: &generator) ?? "a" })
    }

    mutating func boolean() throws(WireError) -> Bool { chance(50) }

    mutating func integer() throws(WireError) -> Int {
        [0, 1, -1, 23, 24, 255, 256, 65536, .max, .min].randomElement(using: &generator) ?? 0
    }

    mutating func double() throws(WireError) -> Double {
        [0, 1.5, -0.1, 1e300, Double.leastNonzeroMagnitude, .infinity, -.infinity, .nan].randomElement(
            using: &generator) ?? 0
    }

    mutating func blob() throws(WireError) -> [UInt8] {
        (0..<Int.random(in: 0...9, using: &generator)).map { _ in .random(in: .min ... .max, using: &generator) }
    }

    mutating func timestamp() throws(WireError) -> Timestamp {
        let seconds = Int64.random(in: -2_000_000_000...4_000_000_000, using: &generator)
        let isDate = value?.timestampFormat ?? (location == .header ? .rfc822 : .iso8601) == .rfc822
        return Timestamp(milliseconds: seconds * 1000 + (isDate ? 0 : .random(in: 0..<1000, using: &generator)))
    }

    mutating func stream() throws(WireError) -> ByteStream { ByteStream(try blob()) }
}
