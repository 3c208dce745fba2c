import AWSModels
import AWSWire
import Ground
import ObjectStore

/// Tag sets, in a header and as XML, with S3's rules (S3 User Guide, "Categorizing your storage using tags").
enum S3Tags {
    static let maximumKey = 128
    static let maximumValue = 256

    /// The form of `x-amz-tagging`: `a=b&c=d`, URL-encoded.
    static func parse(header: String) throws(AWSError) -> [Attribute] {
        var tags: [Attribute] = []
        for pair in header.split(separator: "&", omittingEmptySubsequences: true) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = PercentEncoding.decode(parts[0], plusIsSpace: true),
                let value = parts.count > 1 ? PercentEncoding.decode(parts[1], plusIsSpace: true) : ""
            else {
                throw S3Failure.invalidArgument(
                    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without "
                        + "tag name duplicates.",
                    "x-amz-tagging", header)
            }
            guard !tags.contains(where: { $0.name == key }) else {
                throw S3Failure.invalidArgument(
                    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without "
                        + "tag name duplicates.",
                    "x-amz-tagging", header)
            }
            tags.append(Attribute(key, value))
        }
        try check(tags, limit: S3Limits.objectTags, of: "Object")
        return tags
    }

    static func parse(_ tagSet: [S3.Tag]?, limit: Int, of what: String) throws(AWSError) -> [Attribute] {
        guard let tagSet else { throw S3Failure.malformedXML() }
        var tags: [Attribute] = []
        for tag in tagSet {
            guard let key = tag.key, let value = tag.value else { throw S3Failure.malformedXML() }
            guard !tags.contains(where: { $0.name == key }) else {
                throw AWSError(
                    "InvalidTag", "Cannot provide multiple Tags with the same key", details: [("TagKey", key)])
            }
            tags.append(Attribute(key, value))
        }
        try check(tags, limit: limit, of: what)
        return tags
    }

    static func shapes(_ tags: [Attribute]) -> [S3.Tag] { tags.map { S3.Tag(key: $0.name, value: $0.value) } }

    private static func check(_ tags: [Attribute], limit: Int, of what: String) throws(AWSError) {
        guard tags.count <= limit else {
            throw AWSError("BadRequest", "\(what) tags cannot be greater than \(limit)")
        }
        for tag in tags {
            guard (1...maximumKey).contains(tag.name.count), isAllowed(tag.name) else {
                throw AWSError("InvalidTag", "The TagKey you have provided is invalid", details: [("TagKey", tag.name)])
            }
            guard !tag.name.lowercased().hasPrefix("aws:") else {
                throw AWSError(
                    "InvalidTag", "System tags cannot be added/updated by requester", details: [("TagKey", tag.name)])
            }
            guard tag.value.count <= maximumValue, isAllowed(tag.value) else {
                throw AWSError(
                    "InvalidTag", "The TagValue you have provided is invalid",
                    details: [("TagKey", tag.name), ("TagValue", tag.value)])
            }
        }
    }

    /// Letters, digits and spaces of any script, and `+ - = . _ : / @`.
    private static func isAllowed(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            if scalar.isASCII {
                return scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || " +-=._:/@".unicodeScalars.contains(scalar)
            }
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
                return false
            default: return true
            }
        }
    }

    /// How a bucket's tags are kept.
    static func encode(_ tags: [Attribute]) -> [UInt8] {
        Array(
            tags.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }.joined(separator: "&")
                .utf8)
    }

    static func decode(_ bytes: [UInt8]) -> [Attribute] {
        String(decoding: bytes, as: UTF8.self).split(separator: "&").compactMap { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let name = PercentEncoding.decode(parts[0]),
                let value = PercentEncoding.decode(parts[1])
            else { return nil }
            return Attribute(name, value)
        }
    }
}
