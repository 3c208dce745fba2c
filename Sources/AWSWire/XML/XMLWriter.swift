import Ground

/// Writes XML against schemas: bodies of restXml, answers of awsQuery and ec2Query.
package struct XMLWriter: ShapeWriter {
    private struct Frame {
        /// The element to close; `nil` where a flattened list or map has none of its own.
        let element: String?
        /// The name of a list's items or a map's entries.
        var itemName = ""
        /// Whether a map's entry is open.
        var entryIsOpen = false
        /// Where a structure's start tag ends: attributes go before it.
        var tagEnd = 0
    }

    private static let instanceNamespace = "http://www.w3.org/2001/XMLSchema-instance"

    /// The document so far.
    package private(set) var bytes: [UInt8] = []
    private var cursor = SchemaCursor()
    private var frames: [Frame] = []
    /// The element that the next value gets; `nil` for a structure whose members stand in what is open already.
    private var name: String?
    private var namespace: String?
    private var isAttribute = false
    private let milliseconds: Bool
    private let defaultItemName: String

    /// - Parameters:
    ///   - milliseconds: whether ISO 8601 always has them, as with S3 and EC2.
    ///   - defaultItemName: the name of a list's items where the model gives none.
    package init(milliseconds: Bool, defaultItemName: String = "member") {
        self.milliseconds = milliseconds
        self.defaultItemName = defaultItemName
    }

    /// `<?xml version="1.0" encoding="UTF-8"?>` and a line feed.
    package mutating func declaration() {
        markup("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
    }

    /// Names the element around the next value.
    package mutating func root(_ name: String, namespace: String?) {
        self.name = name
        self.namespace = namespace
    }

    /// Opens an element that no schema names.
    package mutating func open(_ name: String, namespace: String? = nil) {
        markup("<\(name)")
        if let namespace {
            markup(" xmlns=\"")
            escape(namespace, inAttribute: true)
            markup("\"")
        }
        markup(">")
    }

    package mutating func close(_ name: String) { markup("</\(name)>") }

    /// An element that no schema names, with text.
    package mutating func element(_ name: String, _ text: String) {
        open(name)
        escape(text)
        close(name)
    }

    // MARK: Structures

    package mutating func beginStructure(_ schema: StructureSchema) {
        let element = openNext()
        frames.append(Frame(element: element, tagEnd: bytes.count - 1))
        cursor.beginStructure(schema)
    }

    package mutating func member(_ index: Int) {
        guard let member = cursor.structure?.members[index] else { return }
        name = member.wireName
        isAttribute = member.traits.contains(.xmlAttribute)
        cursor.member(index)
    }

    package mutating func endStructure() { end() }

    // MARK: Lists and maps

    package mutating func beginList(count: Int) {
        beginContainer(itemName: cursor.value?.itemName ?? defaultItemName)
    }

    package mutating func item() {
        name = frames.last?.itemName
        cursor.item()
    }

    package mutating func endList() { end() }

    package mutating func beginMap(count: Int) { beginContainer(itemName: "entry") }

    package mutating func key(_ key: String) {
        closeEntry()
        let top = frames.count - 1
        open(frames[top].itemName)
        frames[top].entryIsOpen = true
        element(cursor.container?.keyName ?? "key", key)
        name = cursor.container?.valueName ?? "value"
        cursor.item()
    }

    package mutating func endMap() {
        closeEntry()
        end()
    }

    private mutating func beginContainer(itemName: String) {
        if cursor.value?.flattened ?? false {
            frames.append(Frame(element: nil, itemName: name ?? itemName))
        } else {
            frames.append(Frame(element: openNext(), itemName: itemName))
        }
        cursor.beginContainer()
    }

    private mutating func closeEntry() {
        let top = frames.count - 1
        guard frames[top].entryIsOpen else { return }
        close(frames[top].itemName)
        frames[top].entryIsOpen = false
    }

    private mutating func end() {
        cursor.end()
        if let element = frames.removeLast().element { close(element) }
    }

    /// Opens the element of the next value.
    private mutating func openNext() -> String? {
        defer {
            name = nil
            namespace = nil
        }
        guard let name else { return nil }
        open(name, namespace: namespace)
        return name
    }

    // MARK: Scalars

    package mutating func string(_ value: String) {
        if isAttribute {
            attribute(value)
        } else {
            let element = openNext()
            escape(value)
            if let element { close(element) }
        }
    }

    package mutating func boolean(_ value: Bool) { string(ScalarText.text(value)) }
    package mutating func integer(_ value: Int) { string(String(value)) }
    package mutating func double(_ value: Double) { string(ScalarText.text(value)) }
    package mutating func blob(_ value: [UInt8]) { string(Base64.encode(value)) }

    package mutating func timestamp(_ value: Timestamp) {
        let format = cursor.value?.timestampFormat ?? .iso8601
        string(ScalarText.text(value, format: format, milliseconds: milliseconds))
    }

    /// A body is never an element; what is in memory goes out as a blob.
    package mutating func stream(_ value: ByteStream) {
        if case .buffer(let buffer) = value.source { blob(Array(buffer.readableBytesView)) }
    }

    /// Puts an attribute into the start tag of the open structure, whose members may have been written already.
    private mutating func attribute(_ value: String) {
        isAttribute = false
        guard let name, let top = frames.indices.last else { return }
        self.name = nil
        var tag = XMLWriter(milliseconds: milliseconds)
        if name.hasPrefix("xsi:") { tag.markup(" xmlns:xsi=\"\(Self.instanceNamespace)\"") }
        tag.markup(" \(name)=\"")
        tag.escape(value, inAttribute: true)
        tag.markup("\"")
        bytes.insert(contentsOf: tag.bytes, at: frames[top].tagEnd)
        frames[top].tagEnd += tag.bytes.count
    }

    // MARK: Text

    private mutating func markup(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Writes text with references for what XML reserves and for what it would change or can't hold: a carriage return
    /// becomes a line feed when read, and control characters go out as AWS sends them.
    private mutating func escape(_ text: String, inAttribute: Bool = false) {
        var text = text
        text.withUTF8 { utf8 in
            var plain = 0
            for (position, byte) in utf8.enumerated() {
                let reference: String
                switch byte {
                case UInt8(ascii: "&"): reference = "&amp;"
                case UInt8(ascii: "<"): reference = "&lt;"
                case UInt8(ascii: ">"): reference = "&gt;"
                case UInt8(ascii: "\"") where inAttribute: reference = "&quot;"
                case 0x0D: reference = "&#13;"
                case 0x09, 0x0A:
                    if !inAttribute { continue }
                    reference = "&#\(byte);"
                case 0..<0x20: reference = "&#x\(String(byte, radix: 16));"
                default: continue
                }
                bytes.append(contentsOf: utf8[plain..<position])
                bytes.append(contentsOf: reference.utf8)
                plain = position + 1
            }
            bytes.append(contentsOf: utf8[plain...])
        }
    }
}
