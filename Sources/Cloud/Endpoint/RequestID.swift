/// Ids of requests: 16 letters and digits for S3, a UUID for every other service, as AWS has them.
enum RequestID {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    static func s3() -> String {
        var random = SystemRandomNumberGenerator()
        var bits = random.next()
        return String(unsafeUninitializedCapacity: 16) { buffer in
            for index in 0..<16 {
                buffer[index] = alphabet[Int(bits & 15)]
                bits >>= 4
            }
            return 16
        }
    }

    static func uuid() -> String {
        var random = SystemRandomNumberGenerator()
        let high = random.next()
        let low = random.next()
        // Version 4, variant 1 (RFC 9562).
        let fields: [(UInt64, Int)] = [
            (high >> 32, 8), (high >> 16 & 0xFFFF, 4), (high & 0x0FFF | 0x4000, 4),
            (low >> 48 & 0x3FFF | 0x8000, 4), (low & 0xFFFF_FFFF_FFFF, 12),
        ]
        return fields.map { value, width in
            let text = String(value, radix: 16)
            return String(repeating: "0", count: width - text.count) + text
        }.joined(separator: "-")
    }

    /// S3's second id, `x-amz-id-2`: opaque, and here no more than the first one in another form.
    static func extended(_ requestID: String) -> String { "\(requestID)/skylab/\(requestID)" }
}
