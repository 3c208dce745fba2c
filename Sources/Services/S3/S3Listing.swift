import AWSModels
import AWSWire
import Ground
import ObjectStore

/// What all listings have in common: limits, encodings, opaque tokens.
enum S3Listing {
    /// The page size that a request asks for: 0...1000, where more is cut (ListObjects, `max-keys`).
    static func limit(_ asked: Int?, argument: String) throws(AWSError) -> Int {
        let asked = asked ?? S3Limits.listing
        guard asked >= 0, asked <= Int(Int32.max) else {
            throw S3Failure.invalidArgument(
                asked < 0
                    ? "Argument \(argument) must be an integer between 0 and 2147483647"
                    : "Provided \(argument) not an integer or within integer range", argument, String(asked))
        }
        return min(asked, S3Limits.listing)
    }

    /// How keys are written in the answer.
    static func encoder(_ encoding: S3.EncodingType?) throws(AWSError) -> @Sendable (String) -> String {
        guard let encoding else { return { $0 } }
        guard encoding == .url else {
            throw S3Failure.invalidArgument(
                "Invalid Encoding Method specified in Request", "encoding-type", encoding.rawValue)
        }
        return { PercentEncoding.encode($0, keepingSlash: true) }
    }

    /// A delimiter that is empty is none.
    static func delimiter(_ delimiter: String?) -> String? { delimiter.flatMap { $0.isEmpty ? nil : $0 } }

    static func encode(token position: String) -> String { Base64.encode(Array("1:\(position)".utf8)) }

    static func decode(token: String, argument: String) throws(AWSError) -> String {
        guard let bytes = Base64.decode(token), let text = String(validating: bytes, as: UTF8.self),
            text.hasPrefix("1:")
        else {
            throw S3Failure.invalidArgument("The \(argument) provided is incorrect", argument, token)
        }
        return String(text.dropFirst(2))
    }

    static func checksum(
        _ attributes: ObjectAttributes
    ) -> (algorithms: [S3.ChecksumAlgorithm]?, type: S3.ChecksumType?) {
        guard let checksum = attributes.checksum else { return (nil, nil) }
        return ([S3.ChecksumAlgorithm(rawValue: checksum.algorithm.rawValue)], S3.ChecksumType(checksum.kind))
    }
}
