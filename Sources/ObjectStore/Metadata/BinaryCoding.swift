/// Writes the compact form in which records lie in database columns: numbers as LEB128, strings behind their length.
struct BinaryWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ byte: UInt8) { bytes.append(byte) }

    /// - Precondition: `number` is not negative.
    mutating func write(_ number: Int64) {
        var rest = UInt64(number)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func write(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            write(Int64(utf8.count))
            bytes.append(contentsOf: utf8)
        }
    }

    /// Bytes of a length that the reader knows.
    mutating func write(fixed: [UInt8]) { bytes.append(contentsOf: fixed) }

    mutating func write(_ attributes: [Attribute]) {
        write(Int64(attributes.count))
        for attribute in attributes {
            write(attribute.name)
            write(attribute.value)
        }
    }
}

/// Reads what ``BinaryWriter`` wrote. Damaged bytes throw ``ObjectStoreError/unreadable(_:)``, whatever they are.
struct BinaryReader {
    private var rest: UnsafeRawBufferPointer

    /// - Parameter bytes: must outlive the reader.
    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

    static let damaged = ObjectStoreError.unreadable("a record of the database is damaged")

    var isAtEnd: Bool { rest.isEmpty }

    mutating func byte() throws -> UInt8 {
        guard let byte = rest.first else { throw Self.damaged }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
        return byte
    }

    mutating func number() throws -> Int64 {
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try byte()
            guard shift < 63 else { throw Self.damaged }
            number |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { break }
            shift += 7
        }
        guard let signed = Int64(exactly: number) else { throw Self.damaged }
        return signed
    }

    mutating func fixed(_ count: Int) throws -> UnsafeRawBufferPointer {
        guard count >= 0, count <= rest.count else { throw Self.damaged }
        let taken = UnsafeRawBufferPointer(rebasing: rest.prefix(count))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        return taken
    }

    mutating func string() throws -> String {
        let count = try number()
        guard count <= Int64(rest.count) else { throw Self.damaged }
        return String(decoding: try fixed(Int(count)), as: UTF8.self)
    }

    mutating func attributes() throws -> [Attribute] {
        let count = try number()
        // Each takes two bytes at least: a damaged count must not ask for memory.
        guard count <= Int64(rest.count / 2) else { throw Self.damaged }
        var attributes: [Attribute] = []
        attributes.reserveCapacity(Int(count))
        for _ in 0..<count { attributes.append(Attribute(try string(), try string())) }
        return attributes
    }
}
