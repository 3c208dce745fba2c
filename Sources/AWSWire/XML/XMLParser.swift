/// Parses XML 1.0 in UTF-8, without DTD: a document type is refused, so there are no entities but the five of XML, and
/// nothing to expand. References to control characters, which XML 1.0 has no place for, are taken: S3 sends them.
struct XMLParser {
    private struct OpenElement {
        let node: XMLDocument.NodeID
        /// Name with prefix, as the end tag must repeat it.
        let name: Range<Int>
        var lastChild: XMLDocument.NodeID?
        /// Character data so far.
        var text: [UInt8] = []
    }

    private let bytes: [UInt8]
    private var position = 0
    private var document: XMLDocument
    private var open: [OpenElement] = []

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
        document = XMLDocument(source: bytes)
    }

    /// - Throws: ``WireError/malformed(_:)`` and ``WireError/tooLarge(_:)``.
    static func parse(_ bytes: [UInt8]) throws(WireError) -> XMLDocument {
        var parser = XMLParser(bytes)
        try parser.run()
        return parser.document
    }

    private mutating func run() throws(WireError) {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        if has("<?xml"), position + 5 < bytes.count, Self.isSpace(bytes[position + 5]) { try declaration() }
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "<") {
                try markup()
            } else if open.isEmpty {
                guard Self.isSpace(bytes[position]) else { throw malformed("text outside of the root") }
                position += 1
            } else {
                try characterData()
            }
        }
        guard open.isEmpty, !document.nodes.isEmpty else { throw malformed("the document ends too early") }
    }

    // MARK: Markup

    private mutating func markup() throws(WireError) {
        if has("</") {
            try endTag()
        } else if has("<!--") {
            position += 4
            try skip(past: "-->")
        } else if has("<![CDATA[") {
            guard !open.isEmpty else { throw malformed("text outside of the root") }
            position += 9
            let start = position
            try skip(past: "]]>")
            try append(from: start, to: position - 3)
        } else if has("<?") {
            position += 2
            try skip(past: "?>")
        } else if has("<!") {
            throw malformed("a document type or another declaration")
        } else {
            try startTag()
        }
    }

    /// `<?xml version="1.0" encoding="UTF-8"?>`: what it names must be what this parser reads.
    private mutating func declaration() throws(WireError) {
        let start = position
        try skip(past: "?>")
        let text = String(decoding: bytes[start..<position], as: UTF8.self).lowercased()
        guard let encoding = text.firstRange(of: "encoding") else { return }
        let isKnown = ["utf-8", "utf8", "us-ascii"].contains { text[encoding.upperBound...].firstRange(of: $0) != nil }
        guard isKnown else { throw malformed("an encoding other than UTF-8") }
    }

    private mutating func startTag() throws(WireError) {
        position += 1
        let name = try self.name()
        guard open.count < WireLimits.xmlDepth else { throw .tooLarge("nested deeper than \(WireLimits.xmlDepth)") }
        guard document.nodes.count < WireLimits.xmlNodes else {
            throw .tooLarge("more than \(WireLimits.xmlNodes) elements")
        }
        if open.isEmpty, !document.nodes.isEmpty { throw malformed("a second root") }
        let node = document.nodes.count
        document.nodes.append(XMLDocument.Node(name: localName(name)))
        if let parent = open.indices.last {
            if let previous = open[parent].lastChild {
                document.nodes[previous].nextSibling = node
            } else {
                document.nodes[open[parent].node].firstChild = node
                open[parent].text = []
            }
            open[parent].lastChild = node
        }
        let isEmpty = try attributes(of: node)
        if !isEmpty { open.append(OpenElement(node: node, name: name)) }
    }

    /// Reads up to the tag's end; whether the element ends with it.
    private mutating func attributes(of node: XMLDocument.NodeID) throws(WireError) -> Bool {
        let first = document.attributes.count
        defer { document.nodes[node].attributes = first..<document.attributes.count }
        while true {
            let hadSpace = skipSpace()
            guard position < bytes.count else { throw malformed("the document ends too early") }
            if bytes[position] == UInt8(ascii: ">") {
                position += 1
                return false
            }
            if has("/>") {
                position += 2
                return true
            }
            guard hadSpace else { throw malformed("no space before an attribute") }
            guard document.attributes.count - first < WireLimits.xmlAttributes else {
                throw .tooLarge("more than \(WireLimits.xmlAttributes) attributes")
            }
            let name = try text(bytes[try self.name()])
            if document.attributes[first...].contains(where: { $0.name == name }) {
                throw malformed("the attribute '\(name)' twice")
            }
            _ = skipSpace()
            guard has("=") else { throw malformed("an attribute without value") }
            position += 1
            _ = skipSpace()
            document.attributes.append(XMLDocument.Attribute(name: name, value: try attributeValue()))
        }
    }

    private mutating func attributeValue() throws(WireError) -> String {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") || bytes[position] == UInt8(ascii: "'")
        else {
            throw malformed("an attribute without quotation marks")
        }
        let quote = bytes[position]
        position += 1
        var value: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case quote:
                position += 1
                return try text(value[...])
            case UInt8(ascii: "&"): try reference(into: &value)
            case UInt8(ascii: "<"): throw malformed("'<' in an attribute")
            case 0x09, 0x0A, 0x0D:
                value.append(UInt8(ascii: " "))
                position += 1
            case 0..<0x20: throw malformed("a control character")
            default:
                value.append(byte)
                position += 1
            }
        }
        throw malformed("the document ends too early")
    }

    private mutating func endTag() throws(WireError) {
        position += 2
        let name = try self.name()
        _ = skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: ">") else { throw malformed("a broken end tag") }
        position += 1
        guard let element = open.popLast(), bytes[element.name].elementsEqual(bytes[name]) else {
            throw malformed("an end tag that ends nothing")
        }
        guard element.lastChild == nil else { return }
        let start = document.text.count
        document.text += element.text
        document.nodes[element.node].text = start..<document.text.count
        // Text becomes strings without further checks.
        _ = try text(document.text[start...])
    }

    /// A name with its prefix.
    private mutating func name() throws(WireError) -> Range<Int> {
        let start = position
        while position < bytes.count, Self.isNameCharacter(bytes[position]) { position += 1 }
        guard position > start else { throw malformed("a name was expected") }
        switch bytes[start] {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
            throw malformed("a broken name")
        default: return start..<position
        }
    }

    private func localName(_ name: Range<Int>) -> Range<Int> {
        guard let colon = bytes[name].lastIndex(of: UInt8(ascii: ":")), colon + 1 < name.upperBound else { return name }
        return colon + 1..<name.upperBound
    }

    // MARK: Text

    private mutating func characterData() throws(WireError) {
        let top = open.count - 1
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "<"):
                try append(from: start, to: position)
                return
            case UInt8(ascii: "&"):
                try append(from: start, to: position)
                var character: [UInt8] = []
                try reference(into: &character)
                if open[top].lastChild == nil { open[top].text += character }
                return
            default: position += 1
            }
        }
        throw malformed("the document ends too early")
    }

    /// Keeps text as it stands, with line ends as line feeds.
    private mutating func append(from start: Int, to end: Int) throws(WireError) {
        let top = open.count - 1
        let keeps = open[top].lastChild == nil
        var plain = start
        for index in start..<end where bytes[index] < 0x20 {
            switch bytes[index] {
            case 0x0D:
                if keeps {
                    open[top].text += bytes[plain..<index]
                    if index + 1 == bytes.count || bytes[index + 1] != 0x0A { open[top].text.append(0x0A) }
                }
                plain = index + 1
            // SDKs write keys with control characters as they are, though XML 1.0 has no place for them.
            default: continue
            }
        }
        if keeps { open[top].text += bytes[plain..<end] }
    }

    /// `&lt;`, `&#10;`, `&#xA;`.
    private mutating func reference(into text: inout [UInt8]) throws(WireError) {
        position += 1
        let start = position
        // The longest that there is: `#x10FFFF`.
        while position < bytes.count, bytes[position] != UInt8(ascii: ";"), position - start < 10 { position += 1 }
        guard position < bytes.count, bytes[position] == UInt8(ascii: ";") else {
            throw malformed("a broken reference")
        }
        let name = String(decoding: bytes[start..<position], as: UTF8.self)
        position += 1
        switch name {
        case "lt": text.append(UInt8(ascii: "<"))
        case "gt": text.append(UInt8(ascii: ">"))
        case "amp": text.append(UInt8(ascii: "&"))
        case "quot": text.append(UInt8(ascii: "\""))
        case "apos": text.append(UInt8(ascii: "'"))
        default:
            let code =
                name.hasPrefix("#x") ? UInt32(name.dropFirst(2), radix: 16) : UInt32(name.dropFirst(1), radix: 10)
            guard name.hasPrefix("#"), let code, code != 0, let scalar = Unicode.Scalar(code) else {
                throw malformed("an unknown reference")
            }
            text += Array(String(Character(scalar)).utf8)
        }
    }

    private func text(_ bytes: ArraySlice<UInt8>) throws(WireError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw malformed("text that is not UTF-8") }
        return text
    }

    // MARK: Bytes

    private func has(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard position + length <= bytes.count else { return false }
        for offset in 0..<length where bytes[position + offset] != text.utf8Start[offset] { return false }
        return true
    }

    private mutating func skip(past end: StaticString) throws(WireError) {
        while position < bytes.count {
            if has(end) {
                position += end.utf8CodeUnitCount
                return
            }
            position += 1
        }
        throw malformed("the document ends too early")
    }

    private mutating func skipSpace() -> Bool {
        let start = position
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
        return position > start
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "-"),
            UInt8(ascii: "."), 0x80...:
            true
        default: false
        }
    }

    private func malformed(_ what: String) -> WireError { .malformed("\(what) at byte \(position)") }
}
