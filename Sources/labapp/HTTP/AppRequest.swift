import Ground
import HTTPServer
import NIOCore
import NIOHTTP1

/// A request, taken apart as far as endpoints need it.
struct AppRequest: Sendable {
    let method: HTTPMethod
    /// The path as it was sent, still encoded.
    let path: Substring
    /// The query's fields, decoded; of a name that comes twice the first counts.
    let query: [String: String]
    let headers: HTTPHeaders
    let body: ByteStream

    /// - Throws: ``AppError`` where the query is broken.
    init(_ request: HTTPServerRequest) throws(AppError) {
        method = request.method
        headers = request.headers
        body = request.body
        path = request.uri.prefix { $0 != "?" }
        query = try Self.fields(request.uri[path.endIndex...].dropFirst(), in: "query")
    }

    /// The key that the path names behind `prefix`.
    /// - Throws: ``AppError`` where there is none, or it is no UTF-8.
    func key(behind prefix: String) throws(AppError) -> String {
        guard let key = PercentEncoding.decode(path.dropFirst(prefix.count)) else {
            throw .badRequest("InvalidKey", "the key in the path is not percent-encoded UTF-8")
        }
        return try Self.checked(key: key)
    }

    /// - Throws: ``AppError`` where `key` cannot be one of S3's.
    static func checked(key: String) throws(AppError) -> String {
        guard !key.isEmpty else { throw .missing("key") }
        guard key.utf8.count <= 1024 else {
            throw .badRequest("KeyTooLongError", "a key has at most 1024 bytes")
        }
        return key
    }

    /// The query's field where it says something: one that is there and empty, as forms send it, counts as left out.
    func parameter(_ name: String) -> String? {
        guard let text = query[name], !text.isEmpty else { return nil }
        return text
    }

    /// The query's field as a whole number; the nearest one where it has too many digits.
    /// - Throws: ``AppError`` where it is none.
    func integer(_ name: String) throws(AppError) -> Int? {
        guard let text = parameter(name) else { return nil }
        if let value = Int(text) { return value }
        let digits = text.first == "-" ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) else {
            throw .badRequest("InvalidArgument", "\(name) must be a whole number")
        }
        return text.first == "-" ? .min : .max
    }

    /// The fields of the body: a form's, or the members of a JSON object.
    /// - Throws: ``AppError`` where the body is too long or neither.
    func bodyFields() async throws -> BodyFields {
        let content: ByteBuffer
        do {
            content = try await body.collect(upTo: Settings.maximumBodyBytes)
        } catch is ByteStream.TooLong {
            throw AppError.bodyTooLarge
        }
        let type = headers.first(name: "content-type") ?? ""
        switch type.prefix(while: { $0 != ";" && $0 != " " }).lowercased() {
        case "application/x-www-form-urlencoded":
            return try BodyFields(form: Self.fields(String(buffer: content)[...], in: "form"))
        case "multipart/form-data":
            return try BodyFields(form: MultipartForm.fields(of: content, contentType: type))
        default: return try BodyFields(json: content)
        }
    }

    private static func fields(_ text: Substring, in place: String) throws(AppError) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let name = pair.prefix { $0 != "=" }
            guard let decodedName = PercentEncoding.decode(name, plusIsSpace: true),
                let value = PercentEncoding.decode(pair[name.endIndex...].dropFirst(), plusIsSpace: true)
            else { throw .badRequest("InvalidArgument", "the \(place) is not percent-encoded UTF-8") }
            if fields[decodedName] == nil { fields[decodedName] = value }
        }
        return fields
    }
}
