import AWSModels
import AWSWire
import Ground
import ObjectStore

/// The conditions of a read or of a copy's source, in the precedence of RFC 9110, section 13.2.2.
struct ReadConditions {
    var ifMatch: String?
    var ifNoneMatch: String?
    var ifModifiedSince: Timestamp?
    var ifUnmodifiedSince: Timestamp?

    enum Verdict: Equatable {
        case holds
        /// The reader has it already: 304 for a read.
        case notModified
        /// 412, with the header that did not hold.
        case failed(String)
    }

    func verdict(on version: ObjectVersion) -> Verdict {
        let etag = version.attributes.etag
        // Dates on the wire are whole seconds.
        let modified = version.lastModified.seconds
        if let ifMatch {
            guard S3ETag.list(ifMatch, holds: etag) else { return .failed("If-Match") }
        } else if let ifUnmodifiedSince, modified > ifUnmodifiedSince.seconds {
            return .failed("If-Unmodified-Since")
        }
        if let ifNoneMatch {
            if S3ETag.list(ifNoneMatch, holds: etag) { return .notModified }
        } else if let ifModifiedSince, modified <= ifModifiedSince.seconds {
            return .notModified
        }
        return .holds
    }
}

/// One byte range of a request (RFC 9110, section 14.2).
enum S3Range {
    /// The bytes that `header` means of a body of `size`; `nil` where the header is to be ignored: another unit, several
    /// ranges, or no range at all.
    /// - Throws: InvalidRange 416 where no byte of the body is in it.
    static func parse(_ header: String, size: Int64) throws(AWSError) -> Range<Int64>? {
        guard header.lowercased().hasPrefix("bytes=") else { return nil }
        let parts = header.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            .map { $0.filter { $0 != " " } }
        guard parts.count == 2, !header.contains(",") else { return nil }
        func number(_ text: String) -> Int64?? {
            guard !text.isEmpty else { return .some(nil) }
            guard text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
            return .some(Int64(text) ?? .max)
        }
        guard let first = number(parts[0]), let last = number(parts[1]) else { return nil }
        switch (first, last) {
        case (nil, nil): return nil
        case (nil, let suffix?):
            guard suffix > 0, size > 0 else { throw unsatisfiable(header, size) }
            return max(0, size - suffix)..<size
        case (let first?, let last):
            if let last, last < first { return nil }
            guard first < size else { throw unsatisfiable(header, size) }
            return first..<min(size, last.map { $0 == .max ? .max : $0 + 1 } ?? size)
        }
    }

    static func unsatisfiable(_ header: String, _ size: Int64) -> AWSError {
        AWSError(
            "InvalidRange", "The requested range is not satisfiable", status: 416,
            details: [("RangeRequested", header), ("ActualObjectSize", String(size))],
            headers: ["Content-Range": "bytes */\(size)"])
    }

    static func contentRange(_ range: Range<Int64>, of size: Int64) -> String {
        "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
    }
}
