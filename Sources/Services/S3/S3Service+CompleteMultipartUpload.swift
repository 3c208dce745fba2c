import AWSModels
import AWSWire
import Ground
import ObjectStore

extension S3Service {
    public func completeMultipartUpload(
        _ input: S3.CompleteMultipartUploadRequest
    ) async throws -> S3.CompleteMultipartUploadOutput {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        let key = input.key ?? ""
        let condition = try WriteCondition(ifMatch: input.ifMatch, ifNoneMatch: input.ifNoneMatch)
        try refuseCustomerKeys(input.sseCustomerAlgorithm)
        let given = try input.givenChecksum()
        // An upload that was completed before is gone, yet the same list again gets the same answer.
        let upload: MultipartUpload?
        do {
            upload = try await store.upload(bucket: bucket, key: key, id: input.uploadId ?? "")
        } catch {
            guard case .noSuchUpload = error else {
                throw S3Failure.from(error, bucket: bucket.name, key: key, versionId: nil)
            }
            upload = nil
        }
        let parts = try listed(input.multipartUpload?.parts, of: upload)
        let version: ObjectVersion
        do {
            version = try await store.completeUpload(
                bucket: bucket, key: key, uploadID: input.uploadId ?? "", parts: parts,
                minimumPartSize: S3Limits.minimumPart, condition: condition
            ) { uploaded in
                try Self.finished(uploaded, of: upload, given: given, input)
            }
        } catch ObjectStoreError.noSuchUpload {
            throw S3Failure.noSuchUpload(input.uploadId)
        } catch ObjectStoreError.preconditionFailed {
            throw S3Failure.preconditionFailed(condition.header)
        } catch let error as ObjectStoreError {
            throw S3Failure.from(error, bucket: bucket.name, key: key, versionId: nil)
        }
        var output = S3.CompleteMultipartUploadOutput(
            location: "\(context.baseURL)/\(bucket.name)/\(PercentEncoding.encode(key, keepingSlash: true))",
            bucket: bucket.name, key: key, eTag: S3ETag.quoted(version.attributes.etag), serverSideEncryption: .aes256,
            versionId: Self.toldVersionID(version.id, in: bucket))
        output.set(typed: version.attributes.checksum)
        return output
    }

    /// The parts that a request lists.
    private func listed(
        _ parts: [S3.CompletedPart]?, of upload: MultipartUpload?
    ) throws(AWSError) -> [(number: Int, etag: String, checksum: StoredChecksum?)] {
        guard let parts, !parts.isEmpty else { throw S3Failure.malformedXML() }
        guard parts.count <= S3Limits.partNumbers.upperBound else { throw S3Failure.malformedXML() }
        var listed: [(number: Int, etag: String, checksum: StoredChecksum?)] = []
        for part in parts {
            guard let number = part.partNumber, let etag = part.eTag else { throw S3Failure.malformedXML() }
            guard S3Limits.partNumbers.contains(number) else { throw Self.invalidPartNumber(number) }
            let given = try part.givenChecksum()
            if let algorithm = upload?.checksumAlgorithm, upload?.checksumKind == .composite, given == nil {
                throw S3Failure.invalidRequest(
                    "The upload was created using a \(algorithm.rawValue.lowercased()) checksum. The complete request must "
                        + "include the checksum for each part. It was missing for part \(number) in the request.")
            }
            // A checksum of another algorithm than the one that is kept can't be looked at.
            let kept = upload?.checksumAlgorithm ?? .crc64nvme
            let checksum = given.flatMap { given in
                given.algorithm == kept ? StoredChecksum(algorithm: given.algorithm, value: given.value) : nil
            }
            listed.append((number, S3ETag.bare(etag), checksum))
        }
        return listed
    }

    /// The attributes of the object that the parts make.
    private static func finished(
        _ parts: [UploadedPart], of upload: MultipartUpload?,
        given: (algorithm: ChecksumAlgorithm, value: String)?, _ input: S3.CompleteMultipartUploadRequest
    ) throws(AWSError) -> ObjectAttributes {
        guard let upload else { throw S3Failure.noSuchUpload(input.uploadId) }
        let size = parts.reduce(0) { $0 + $1.size }
        if let expected = input.mpuObjectSize, Int64(expected) != size {
            throw S3Failure.invalidRequest(
                "The provided 'x-amz-mp-object-size' header does not match what was computed: \(size)")
        }
        let algorithm = upload.checksumAlgorithm ?? .crc64nvme
        let kind = upload.checksumKind ?? .fullObject
        if let type = input.checksumType, type != S3.ChecksumType(kind) {
            throw S3Failure.invalidRequest(
                "The upload was created using the \(S3.ChecksumType(kind).rawValue) checksum mode. The complete request "
                    + "must use the same checksum mode.")
        }
        var attributes = upload.attributes
        attributes.etag = S3Multipart.etag(of: parts)
        attributes.checksum = S3Multipart.checksum(of: parts, algorithm, kind)
        if let given, given.algorithm == algorithm, let computed = attributes.checksum?.value {
            // The count of parts may be left out of a composite value.
            guard given.value == computed || "\(given.value)-\(parts.count)" == computed else {
                throw S3Failure.badDigest(algorithm.rawValue)
            }
        }
        return attributes
    }
}
