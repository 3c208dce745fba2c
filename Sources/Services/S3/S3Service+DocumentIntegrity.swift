import AWSWire
import Crypto
import Ground
import NIOCore
import NIOHTTP1

extension S3Service {
    /// The operations that S3 does only with a checksum of their document.
    private static let requiringChecksum: Set<String> = ["DeleteObjects"]

    /// Bytes of document that an operation accepts.
    public static func documentLimit(of operation: String) -> Int {
        switch operation {
        case "DeleteObjects": 2 << 20
        case "CompleteMultipartUpload": 1 << 20
        default: 256 << 10
        }
    }

    /// Looks at `Content-MD5` and `x-amz-checksum-*` of a document, in headers or trailers.
    /// - Throws: InvalidRequest where one is needed and none is there, InvalidDigest, BadDigest.
    public static func verifyDocument(
        _ document: ByteBuffer, operation: String, headers: HTTPHeaders, trailers: [(name: String, value: String)]
    ) throws(AWSError) {
        var found = false
        if let header = headers.first(name: "content-md5") {
            found = true
            var md5 = Insecure.MD5()
            document.withUnsafeReadableBytes { md5.update(bufferPointer: $0) }
            try ContentMD5(header).verify(Array(md5.finalize()))
        }
        for algorithm in ChecksumAlgorithm.allCases {
            let given =
                headers.first(name: algorithm.headerName)
                ?? trailers.first { $0.name == algorithm.headerName }?.value
            guard let given else { continue }
            found = true
            guard Base64.decode(given)?.count == algorithm.length else {
                throw S3Failure.invalidRequest("Value for \(algorithm.headerName) header is invalid.")
            }
            var hasher = ChecksumHasher(algorithm)
            hasher.update(document)
            guard Base64.encode(hasher.finalize()) == given else { throw S3Failure.badDigest(algorithm.rawValue) }
        }
        if !found, requiringChecksum.contains(operation) {
            throw S3Failure.invalidRequest(
                "Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
        }
    }
}
