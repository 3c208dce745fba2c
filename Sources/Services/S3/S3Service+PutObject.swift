import AWSModels
import AWSWire
import Ground
import NIOCore
import ObjectStore

extension S3Service {
    public func putObject(_ input: S3.PutObjectRequest) async throws -> S3.PutObjectOutput {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        let key = input.key ?? ""
        if input.writeOffsetBytes != nil { throw S3Failure.notImplemented(header: "x-amz-write-offset-bytes") }
        let condition = try WriteCondition(ifMatch: input.ifMatch, ifNoneMatch: input.ifNoneMatch)
        let attributes = try input.attributes()
        let body = try Self.bounded(input.body ?? .empty)
        let contentMD5 = try ContentMD5(input.contentMD5)
        let checksum = try RequestChecksum(input, sdkAlgorithm: input.checksumAlgorithm, headers: context.headers)
        let version = try await conditionally(condition, key: key) {
            try await store.put(
                bucket: bucket, key: key, condition: condition, checksums: [checksum.algorithm], body: body
            ) { received in
                try contentMD5.verify(received.md5)
                var attributes = attributes
                attributes.checksum = try checksum.verify(received)
                attributes.etag = Hex.encode(received.md5)
                return attributes
            }
        }
        var output = S3.PutObjectOutput(
            eTag: S3ETag.quoted(version.attributes.etag), serverSideEncryption: .aes256,
            versionId: Self.toldVersionID(version.id, in: bucket))
        output.set(typed: version.attributes.checksum)
        return output
    }

    /// The body, once its announced length is one that S3 takes in one piece; where none was announced it is watched.
    static func bounded(_ body: ByteStream) throws(AWSError) -> ByteStream {
        if let length = body.length {
            guard length <= S3Limits.singleUpload else {
                throw S3Failure.entityTooLarge(size: length, limit: S3Limits.singleUpload)
            }
            return body
        }
        let watched = WatchedLength(body.makeReader())
        return body.passing { try await watched.next() }
    }

    /// Runs a conditional write and tells which condition did not hold.
    func conditionally<Value>(
        _ condition: WriteCondition, key: String, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch ObjectStoreError.preconditionFailed {
            throw S3Failure.preconditionFailed(condition.header)
        } catch let error as ObjectStoreError {
            throw S3Failure.from(error, bucket: "", key: key, versionId: nil)
        }
    }
}

/// Counts the bytes of a body of unknown length. Read by one consumer, chunk after chunk.
private actor WatchedLength {
    private var reader: ByteStream.Reader
    private var count: Int64 = 0

    init(_ reader: ByteStream.Reader) { self.reader = reader }

    func next() async throws -> ByteBuffer? {
        var reader = reader
        let chunk = try await reader.next()
        self.reader = reader
        count += Int64(chunk?.readableBytes ?? 0)
        guard count <= S3Limits.singleUpload else {
            throw S3Failure.entityTooLarge(size: nil, limit: S3Limits.singleUpload)
        }
        return chunk
    }
}
