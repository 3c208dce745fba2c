import Ground

/// Writes awsJson 1.0 and 1.1: members by the model's names, timestamps as seconds since the epoch, blobs in base64.
package struct JSONWriter: ShapeWriter {
    /// The document so far.
    package private(set) var bytes: [UInt8] = []
    private var cursor = SchemaCursor()

    package init() {}

    package mutating func beginStructure(_ schema: StructureSchema) {
        cursor.beginStructure(schema)
        ascii("{")
    }

    package mutating func member(_ index: Int) {
        separate()
        if let name = cursor.structure?.members[index].name { quote(name) }
        ascii(":")
        cursor.member(index)
    }

    package mutating func endStructure() { end("}") }

    package mutating func beginList(count: Int) {
        cursor.beginContainer()
        ascii("[")
    }

    package mutating func item() {
        separate()
        cursor.item()
    }

    package mutating func endList() { end("]") }

    package mutating func beginMap(count: Int) {
        cursor.beginContainer()
        ascii("{")
    }

    package mutating func key(_ key: String) {
        separate()
        quote(key)
        ascii(":")
        cursor.item()
    }

    package mutating func endMap() { end("}") }

    package mutating func string(_ value: String) { quote(value) }

    package mutating func boolean(_ value: Bool) { text(ScalarText.text(value)) }

    package mutating func integer(_ value: Int) { text(String(value)) }

    package mutating func double(_ value: Double) {
        let number = ScalarText.text(value)
        if value.isFinite { text(number) } else { quote(number) }
    }

    package mutating func blob(_ value: [UInt8]) { quote(Base64.encode(value)) }

    package mutating func timestamp(_ value: Timestamp) {
        switch cursor.value?.timestampFormat ?? .epochSeconds {
        case .epochSeconds: text(ScalarText.epoch(value))
        case let format: quote(ScalarText.text(value, format: format, milliseconds: false))
        }
    }

    /// Bodies that are not held in memory do not exist in this protocol; what is in memory goes out as a blob.
    package mutating func stream(_ value: ByteStream) {
        if case .buffer(let buffer) = value.source {
            blob(Array(buffer.readableBytesView))
        } else {
            text("null")
        }
    }

    private mutating func end(_ closing: Unicode.Scalar) {
        cursor.end()
        ascii(closing)
    }

    /// A comma, unless this is the first item. Strings end in quotation marks, so the last byte tells.
    private mutating func separate() {
        switch bytes.last {
        case UInt8(ascii: "{"), UInt8(ascii: "["): break
        default: ascii(",")
        }
    }

    private mutating func ascii(_ character: Unicode.Scalar) { bytes.append(UInt8(ascii: character)) }

    private mutating func text(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func quote(_ value: String) {
        ascii("\"")
        var value = value
        value.withUTF8 { utf8 in
            var plain = 0
            for (position, byte) in utf8.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
                bytes.append(contentsOf: utf8[plain..<position])
                plain = position + 1
                escape(byte)
            }
            bytes.append(contentsOf: utf8[plain...])
        }
        ascii("\"")
    }

    private mutating func escape(_ byte: UInt8) {
        ascii("\\")
        switch byte {
        case 0x22, 0x5C: bytes.append(byte)
        case 0x0A: ascii("n")
        case 0x0D: ascii("r")
        case 0x09: ascii("t")
        default: text("u00" + Hex.encode(CollectionOfOne(byte)))
        }
    }
}
