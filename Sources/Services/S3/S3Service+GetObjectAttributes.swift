import AWSModels
import AWSWire
import Ground
import ObjectStore

extension S3Service {
    public func getObjectAttributes(
        _ input: S3.GetObjectAttributesRequest
    ) async throws -> S3.GetObjectAttributesOutput {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        let key = input.key ?? ""
        let wanted = try Self.wanted(input.objectAttributes)
        let selector = try selector(input.versionId)
        let version = try await mapped(key: key, versionId: input.versionId) {
            try await store.version(bucket: bucket, key: key, selector)
        }
        guard !version.isDeleteMarker else { throw S3Failure.deleteMarker(version, asked: selector) }
        var output = S3.GetObjectAttributesOutput(
            lastModified: version.lastModified, versionId: Self.toldVersionID(version.id, in: bucket))
        if wanted.contains(.eTag) { output.eTag = version.attributes.etag }
        if wanted.contains(.storageClass) {
            output.storageClass = .init(rawValue: version.attributes.storageClass)
        }
        if wanted.contains(.objectSize) { output.objectSize = Int(version.size) }
        if wanted.contains(.checksum), let stored = version.attributes.checksum {
            var checksum = S3.Checksum()
            checksum.set(typed: stored)
            output.checksum = checksum
        }
        if wanted.contains(.objectParts), !version.parts.isEmpty {
            output.objectParts = try Self.parts(of: version, input)
        }
        return output
    }

    private static func wanted(_ names: [S3.ObjectAttributes]?) throws(AWSError) -> [S3.ObjectAttributes] {
        // SDKs send one header each or one with all.
        let names = (names ?? []).flatMap { $0.rawValue.split(separator: ",") }.map { String($0.filter { $0 != " " }) }
        guard !names.isEmpty else {
            throw S3Failure.invalidRequest(
                "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty"
            )
        }
        if let unknown = names.first(where: { !S3.ObjectAttributes.allValues.contains($0) }) {
            throw S3Failure.invalidArgument("Invalid attribute name specified.", "x-amz-object-attributes", unknown)
        }
        return names.map { S3.ObjectAttributes(rawValue: $0) }
    }

    private static func parts(
        of version: ObjectVersion, _ input: S3.GetObjectAttributesRequest
    ) throws(AWSError) -> S3.GetObjectAttributesParts {
        let limit = try S3Listing.limit(input.maxParts, argument: "max-parts")
        let marker = input.partNumberMarker ?? 0
        let rest = version.parts.filter { $0.number > marker }
        let page = rest.prefix(limit)
        // Parts are listed where each has a checksum of its own in the object's checksum (GetObjectAttributes, Parts).
        let listsParts = version.attributes.checksum?.kind == .composite
        return .init(
            totalPartsCount: version.parts.count, partNumberMarker: marker,
            nextPartNumberMarker: page.last?.number ?? marker, maxParts: limit, isTruncated: rest.count > page.count,
            parts: listsParts
                ? page.map { part in
                    var shape = S3.ObjectPart(partNumber: part.number, size: Int(part.size))
                    shape.set(part.checksum)
                    return shape
                } : nil)
    }
}
