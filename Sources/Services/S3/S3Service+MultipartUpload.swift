import AWSModels
import AWSWire
import Ground
import ObjectStore

extension S3Service {
    public func createMultipartUpload(
        _ input: S3.CreateMultipartUploadRequest
    ) async throws -> S3.CreateMultipartUploadOutput {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        let key = input.key ?? ""
        let attributes = try input.attributes()
        let checksum = try S3Multipart.checksum(input)
        let upload = try await mapped {
            try await store.createUpload(
                bucket: bucket, key: key, attributes: attributes, checksumAlgorithm: checksum?.algorithm,
                checksumKind: checksum?.kind)
        }
        return .init(
            bucket: bucket.name, key: key, uploadId: upload.id, serverSideEncryption: .aes256,
            checksumAlgorithm: upload.checksumAlgorithm.map { .init(rawValue: $0.rawValue) },
            checksumType: upload.checksumKind.map { S3.ChecksumType($0) })
    }

    public func uploadPart(_ input: S3.UploadPartRequest) async throws -> S3.UploadPartOutput {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        let key = input.key ?? ""
        let number = try Self.partNumber(input.partNumber)
        try refuseCustomerKeys(input.sseCustomerAlgorithm)
        let body = try Self.bounded(input.body ?? .empty)
        let contentMD5 = try ContentMD5(input.contentMD5)
        let given = try RequestChecksum(input, sdkAlgorithm: input.checksumAlgorithm, headers: context.headers)
        let upload = try await upload(bucket, key, input.uploadId)
        if let expected = upload.checksumAlgorithm, given.isGiven, expected != given.algorithm {
            throw S3Failure.invalidRequest(
                "Checksum Type mismatch occurred, expected checksum Type: \(expected.rawValue.lowercased()), actual "
                    + "checksum Type: \(given.algorithm.rawValue.lowercased())")
        }
        // Without a choice at the upload's creation the object gets a CRC64NVME over all of its bytes.
        let kept = upload.checksumAlgorithm ?? .crc64nvme
        let part = try await mapped(key: key) {
            try await store.putPart(
                bucket: bucket, key: key, uploadID: upload.id, number: number, checksums: [kept, given.algorithm],
                body: body
            ) { received in
                try contentMD5.verify(received.md5)
                if given.isGiven { _ = try given.verify(received) }
                return (Hex.encode(received.md5), Self.checksum(kept, of: received))
            }
        }
        var output = S3.UploadPartOutput(serverSideEncryption: .aes256, eTag: S3ETag.quoted(part.etag))
        output.set(part.checksum)
        return output
    }

    public func uploadPartCopy(_ input: S3.UploadPartCopyRequest) async throws -> S3.UploadPartCopyOutput {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        let key = input.key ?? ""
        let number = try Self.partNumber(input.partNumber)
        try refuseCustomerKeys(input.sseCustomerAlgorithm)
        let upload = try await upload(bucket, key, input.uploadId)
        let (_, sourceBucket, source) = try await source(of: input)
        let range = try Self.copiedRange(input.copySourceRange, of: source)
        guard range.upperBound - range.lowerBound <= S3Limits.singleUpload else {
            throw S3Failure.invalidRequest(
                "The specified copy source is larger than the maximum allowable size for a copy source: "
                    + "\(S3Limits.singleUpload)")
        }
        let kept = upload.checksumAlgorithm ?? .crc64nvme
        let part = try await mapped(key: key) {
            try await store.copyPart(
                from: source, in: sourceBucket, range: range, bucket: bucket, key: key, uploadID: upload.id,
                number: number, checksums: [kept]
            ) { received in
                (Hex.encode(received.md5), Self.checksum(kept, of: received))
            }
        }
        var result = S3.CopyPartResult(eTag: S3ETag.quoted(part.etag), lastModified: part.lastModified)
        result.set(part.checksum)
        return .init(
            copySourceVersionId: Self.toldVersionID(source.id, in: sourceBucket), copyPartResult: result,
            serverSideEncryption: .aes256)
    }

    public func abortMultipartUpload(
        _ input: S3.AbortMultipartUploadRequest
    ) async throws -> S3.AbortMultipartUploadOutput {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        let key = input.key ?? ""
        let upload = try await upload(bucket, key, input.uploadId)
        try await mapped { try await store.abortUpload(bucket: bucket, key: key, id: upload.id) }
        return .init()
    }

    func upload(_ bucket: Bucket, _ key: String, _ id: String?) async throws -> MultipartUpload {
        do {
            return try await store.upload(bucket: bucket, key: key, id: id ?? "")
        } catch {
            guard case .noSuchUpload = error else {
                throw S3Failure.from(error, bucket: bucket.name, key: key, versionId: nil)
            }
            throw S3Failure.noSuchUpload(id)
        }
    }

    func refuseCustomerKeys(_ algorithm: String?) throws(AWSError) {
        guard algorithm == nil else {
            throw S3Failure.notImplemented(header: "x-amz-server-side-encryption-customer-algorithm")
        }
    }

    private static func partNumber(_ number: Int?) throws(AWSError) -> Int {
        guard let number, S3Limits.partNumbers.contains(number) else { throw invalidPartNumber(number) }
        return number
    }

    private static func checksum(_ algorithm: ChecksumAlgorithm, of received: ReceivedBody) -> StoredChecksum {
        StoredChecksum(algorithm: algorithm, value: Base64.encode(received.checksums[algorithm] ?? []))
    }

    /// `bytes=first-last`, both of them, within the source (UploadPartCopy, `x-amz-copy-source-range`).
    private static func copiedRange(_ header: String?, of source: ObjectVersion) throws(AWSError) -> Range<Int64> {
        guard let header else { return 0..<source.size }
        func invalid(_ message: String) -> AWSError {
            S3Failure.invalidArgument(message, "x-amz-copy-source-range", header)
        }
        let form =
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
            + "zero-based offsets of the first and last bytes to copy"
        guard header.hasPrefix("bytes=") else { throw invalid(form) }
        let numbers = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard numbers.count == 2, let first = Int64(numbers[0]), let last = Int64(numbers[1]), first >= 0, first <= last
        else { throw invalid(form) }
        guard last < source.size else {
            throw invalid(
                "Range specified is not valid for source object of size: \(source.size)")
        }
        return first..<(last + 1)
    }
}
