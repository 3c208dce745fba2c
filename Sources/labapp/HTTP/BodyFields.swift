import NIOCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The fields that the endpoints take from a body.
struct BodyFields: Sendable {
    private(set) var key: String?
    private(set) var text: String?
    private(set) var data: String?
    private(set) var metadata: [String: String]?

    /// - Throws: ``AppError`` where `metadata` is no JSON object.
    init(form fields: [String: String]) throws(AppError) {
        key = fields["key"]
        text = fields["text"]
        data = fields["data"]
        if let text = fields["metadata"], !text.isEmpty {
            do {
                metadata = try JSONDecoder().decode([String: Scalar].self, from: Data(text.utf8)).mapValues(\.text)
            } catch {
                throw .badRequest("InvalidMetadata", "metadata must be a JSON object of strings")
            }
        }
    }

    /// - Throws: ``AppError`` where the body is no JSON object, or a member is not of its type.
    init(json body: ByteBuffer) throws(AppError) {
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(body.readableBytesView))
        } catch DecodingError.typeMismatch(_, let context) {
            let member = context.codingPath.map(\.stringValue).joined(separator: ".")
            guard !member.isEmpty else { throw .badRequest("InvalidJSON", "the body must be a JSON object") }
            throw .badRequest("InvalidField", "\(member) has the wrong type")
        } catch {
            throw .badRequest("InvalidJSON", "the body is not valid JSON")
        }
        key = document.key
        text = document.text
        data = document.data
        metadata = document.metadata?.mapValues(\.text)
    }

    private struct Document: Decodable {
        let key: String?
        let text: String?
        let data: String?
        let metadata: [String: Scalar]?
    }

    /// A value of metadata: S3 keeps strings, and a number or boolean has one obvious text.
    private struct Scalar: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let string = try? container.decode(String.self) {
                text = string
            } else if let bool = try? container.decode(Bool.self) {
                text = bool ? "true" : "false"
            } else if let integer = try? container.decode(Int.self) {
                text = String(integer)
            } else {
                text = String(try container.decode(Double.self))
            }
        }
    }
}
