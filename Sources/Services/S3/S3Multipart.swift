import AWSModels
import AWSWire
import Crypto
import Ground
import ObjectStore

/// Checksums of multipart uploads (S3 User Guide, "Checking object integrity": composite and full object checksums).
enum S3Multipart {
    /// The algorithm and type that a CreateMultipartUpload asks for.
    static func checksum(
        _ input: S3.CreateMultipartUploadRequest
    ) throws(AWSError) -> (algorithm: ChecksumAlgorithm, kind: StoredChecksum.Kind)? {
        guard let algorithm = try ChecksumAlgorithm(named: input.checksumAlgorithm?.rawValue) else {
            guard input.checksumType == nil else {
                throw S3Failure.invalidRequest(
                    "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
            }
            return nil
        }
        let isCRC = algorithm != .sha1 && algorithm != .sha256
        switch input.checksumType {
        case nil: return (algorithm, algorithm == .crc64nvme ? .fullObject : .composite)
        case .some(.fullObject) where isCRC: return (algorithm, .fullObject)
        case .some(.composite) where algorithm != .crc64nvme: return (algorithm, .composite)
        case .some(.fullObject), .some(.composite):
            throw S3Failure.invalidRequest(
                "The \(input.checksumType?.rawValue ?? "") checksum type cannot be used with the "
                    + "\(algorithm.rawValue.lowercased()) checksum algorithm.")
        default:
            throw S3Failure.invalidRequest("Value for x-amz-checksum-type header is invalid.")
        }
    }

    /// `MD5 of the parts' MD5s`-`number of parts`.
    static func etag(of parts: [UploadedPart]) -> String {
        var hasher = Insecure.MD5()
        for part in parts { hasher.update(data: Hex.decode(part.etag) ?? []) }
        return "\(Hex.encode(hasher.finalize()))-\(parts.count)"
    }

    /// The object's checksum out of its parts'.
    static func checksum(
        of parts: [UploadedPart], _ algorithm: ChecksumAlgorithm, _ kind: StoredChecksum.Kind
    ) -> StoredChecksum? {
        let values = parts.compactMap { part in
            part.checksum.flatMap { $0.algorithm == algorithm ? Base64.decode($0.value) : nil }
        }
        guard values.count == parts.count, let first = values.first else { return nil }
        switch kind {
        case .composite:
            var hasher = ChecksumHasher(algorithm)
            for value in values { value.withUnsafeBytes { hasher.update($0) } }
            return StoredChecksum(
                algorithm: algorithm, value: "\(Base64.encode(hasher.finalize()))-\(parts.count)", kind: .composite)
        case .fullObject:
            var whole = first
            for (value, part) in zip(values, parts).dropFirst() {
                guard let sum = CRC.combine(whole, value, lengthOfB: part.size, algorithm: algorithm) else {
                    return nil
                }
                whole = sum
            }
            return StoredChecksum(algorithm: algorithm, value: Base64.encode(whole))
        }
    }
}
