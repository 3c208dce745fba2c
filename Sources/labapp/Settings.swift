import AWSClient
import Logging

/// What the environment sets; see each member for its variable and default.
struct Settings: Sendable {
    /// `APP_NAME`, default `ds252-flask`.
    let appName: String
    /// `S3_BUCKET`; there is no default.
    let bucket: String
    /// `AWS_REGION`, else `AWS_DEFAULT_REGION`, default `us-east-1`.
    let region: String
    /// `HOST`, default `0.0.0.0`.
    let host: String
    /// `PORT`, default 5000; 0 for any free one.
    let port: Int
    /// `LOG_LEVEL`, default `info`.
    let logLevel: Logger.Level
    /// `MICRO_HASH_ROUNDS`, default 50000.
    let hashRounds: Int
    /// `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL`; to be shown only, the client reads it by itself.
    let endpointURL: String?

    /// A request's body may have this many bytes.
    static let maximumBodyBytes = 1 << 20
    /// An object of more bytes is not put into a JSON answer.
    static let maximumTextBytes = 8 << 20

    /// A setting is missing or wrong.
    struct Invalid: Error, CustomStringConvertible {
        let description: String
    }

    init(_ environment: ProcessEnvironment) throws(Invalid) {
        guard let bucket = environment["S3_BUCKET"] else {
            throw Invalid(description: "S3_BUCKET is not set; it names the bucket that this app keeps its texts in")
        }
        guard (3...255).contains(bucket.utf8.count), bucket.utf8.allSatisfy(Self.isBucketByte) else {
            throw Invalid(description: "S3_BUCKET is not a bucket's name: \(bucket)")
        }
        self.bucket = bucket
        appName = environment["APP_NAME"] ?? "ds252-flask"
        region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? "us-east-1"
        host = environment["HOST"] ?? "0.0.0.0"
        port = try Self.number("PORT", 0...65535, default: 5000, environment)
        hashRounds = try Self.number("MICRO_HASH_ROUNDS", 1...1_000_000_000, default: 50000, environment)
        endpointURL = try Self.endpointURL(environment)
        logLevel = try Self.level(environment["LOG_LEVEL"] ?? "info")
    }

    private static func number(
        _ name: String, _ range: ClosedRange<Int>, default value: Int, _ environment: ProcessEnvironment
    ) throws(Invalid) -> Int {
        guard let text = environment[name] else { return value }
        guard let number = Int(text), range.contains(number) else {
            throw Invalid(
                description: "\(name) must be a number from \(range.lowerBound) to \(range.upperBound), not \(text)")
        }
        return number
    }

    /// Looked at before anything is served: `/info` shows it, so it must hold no password.
    private static func endpointURL(_ environment: ProcessEnvironment) throws(Invalid) -> String? {
        for name in ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"] {
            guard let url = environment[name] else { continue }
            do {
                _ = try Endpoint(url)
            } catch {
                throw Invalid(description: "\(name): \(error)")
            }
            return url
        }
        return nil
    }

    /// swift-log's names, and those of Python's logging, which the lab's texts use.
    private static func level(_ name: String) throws(Invalid) -> Logger.Level {
        switch name.lowercased() {
        case "warn": return .warning
        case "fatal": return .critical
        case let name:
            guard let level = Logger.Level(rawValue: name) else {
                throw Invalid(
                    description: "LOG_LEVEL must be one of trace, debug, info, notice, warning, error, critical, "
                        + "not \(name)")
            }
            return level
        }
    }

    private static func isBucketByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
