import AWSWire

/// A question to the probe, one JSON object a line.
struct ProbeQuestion: Shape {
    /// `list`, `decode` (request to input), `encode` (output to answer), `error` (error to answer), `validate`.
    var kind: String?
    var service: String?
    var operation: String?
    var wireProtocol: String?
    var method: String?
    var path: String?
    /// Decoded.
    var query: [String: String]?
    var headers: [String: String]?
    var body: Blob?
    /// An input or output as JSON.
    var document: String?
    var code: String?
    var message: String?
    var status: Int?
    var details: [String: String]?

    init() {}

    static let schema = StructureSchema(
        "ProbeQuestion",
        [
            MemberSchema("kind", .string), MemberSchema("service", .string), MemberSchema("operation", .string),
            MemberSchema("protocol", .string), MemberSchema("method", .string), MemberSchema("path", .string),
            MemberSchema("query", ValueSchema(.map, item: .string)),
            MemberSchema("headers", ValueSchema(.map, item: .string)), MemberSchema("body", .blob),
            MemberSchema("document", .string), MemberSchema("code", .string), MemberSchema("message", .string),
            MemberSchema("status", .integer), MemberSchema("details", ValueSchema(.map, item: .string)),
        ])

    init<R: ShapeReader>(from reader: inout R) throws(WireError) {
        try reader.beginStructure(Self.schema)
        while let member = try reader.nextMember() {
            switch member {
            case 0: kind = try .init(from: &reader)
            case 1: service = try .init(from: &reader)
            case 2: operation = try .init(from: &reader)
            case 3: wireProtocol = try .init(from: &reader)
            case 4: method = try .init(from: &reader)
            case 5: path = try .init(from: &reader)
            case 6: query = try .init(from: &reader)
            case 7: headers = try .init(from: &reader)
            case 8: body = try .init(from: &reader)
            case 9: document = try .init(from: &reader)
            case 10: code = try .init(from: &reader)
            case 11: message = try .init(from: &reader)
            case 12: status = try .init(from: &reader)
            case 13: details = try .init(from: &reader)
            default: break
            }
        }
    }

    func write<W: ShapeWriter>(to writer: inout W) {}
}

/// The probe's answer, one JSON object a line.
struct ProbeAnswer: Shape {
    var status: Int?
    var headers: [String: String]?
    var body: Blob?
    /// An input as JSON, or what the validator said.
    var document: String?
    var failure: String?
    /// `service operation protocol` each.
    var operations: [String]?

    init() {}

    static let schema = StructureSchema(
        "ProbeAnswer",
        [
            MemberSchema("status", .integer), MemberSchema("headers", ValueSchema(.map, item: .string)),
            MemberSchema("body", .blob), MemberSchema("document", .string), MemberSchema("failure", .string),
            MemberSchema("operations", ValueSchema(.list, item: .string)),
        ])

    init<R: ShapeReader>(from reader: inout R) throws(WireError) {}

    func write<W: ShapeWriter>(to writer: inout W) {
        writer.beginStructure(Self.schema)
        writer.put(0, status)
        writer.put(1, headers)
        writer.put(2, body)
        writer.put(3, document)
        writer.put(4, failure)
        writer.put(5, operations)
        writer.endStructure()
    }
}
