import AWSModels
import AWSWire
import Ground
import HTTPServer

// What is in the bucket.
extension App {
    /// `GET /list`: the current objects, all of them unless `limit` says how many.
    func list(_ request: AppRequest) async throws -> HTTPServerResponse {
        let prefix = request.query["prefix"] ?? ""
        let (bucket, s3) = (settings.bucket, s3)
        return try await PagedAnswer<String>.response(
            head: [("ok", true), ("bucket", .string(bucket)), ("prefix", .string(prefix))], array: "items",
            limit: try Self.limit(of: request), from: request.parameter("continuationToken"),
            fetch: { token, maximum in
                let output = try await s3.listObjectsV2(
                    S3.ListObjectsV2Request(
                        bucket: bucket, encodingType: "url", maxKeys: maximum, prefix: prefix,
                        continuationToken: token))
                let items = (output.contents ?? []).map { object in
                    JSON.object([
                        ("key", JSON(Self.decoded(object.key, output.encodingType))), ("size", JSON(object.size)),
                        ("lastModified", JSON(object.lastModified?.iso8601())),
                    ])
                }
                return ListingPage(items: items, next: output.isTruncated == true ? output.nextContinuationToken : nil)
            },
            tail: { next in [("isTruncated", .bool(next != nil)), ("nextContinuationToken", JSON(next))] })
    }

    /// Where a page of versions begins: behind this version of this key.
    private struct VersionMarker: Sendable {
        let key: String
        let version: String?
    }

    /// `GET /list-versions`: every version and delete marker, the newest of a key first.
    func listVersions(_ request: AppRequest) async throws -> HTTPServerResponse {
        let prefix = request.query["prefix"] ?? ""
        let (bucket, s3) = (settings.bucket, s3)
        return try await PagedAnswer<VersionMarker>.response(
            head: [("ok", true), ("bucket", .string(bucket)), ("prefix", .string(prefix))], array: "versions",
            limit: try Self.limit(of: request),
            from: request.parameter("keyMarker").map {
                VersionMarker(key: $0, version: request.parameter("versionIdMarker"))
            },
            fetch: { marker, maximum in
                let output = try await s3.listObjectVersions(
                    S3.ListObjectVersionsRequest(
                        bucket: bucket, encodingType: "url", keyMarker: marker?.key, maxKeys: maximum,
                        prefix: prefix, versionIdMarker: marker?.version))
                let next = output.isTruncated == true ? Self.decoded(output.nextKeyMarker, output.encodingType) : nil
                return ListingPage(
                    items: ListedVersion.inOrder(output).map(\.json),
                    next: next.map { VersionMarker(key: $0, version: output.nextVersionIdMarker) })
            },
            tail: { next in
                [
                    ("isTruncated", .bool(next != nil)), ("nextKeyMarker", JSON(next?.key)),
                    ("nextVersionIdMarker", JSON(next?.version)),
                ]
            })
    }

    private static func limit(of request: AppRequest) throws(AppError) -> Int? {
        guard let limit = try request.integer("limit") else { return nil }
        guard limit >= 1 else { throw .badRequest("InvalidArgument", "limit must be at least 1") }
        return limit
    }

    /// A key as it is; S3 was asked to encode keys, since XML cannot hold every one.
    fileprivate static func decoded(_ key: String?, _ encoding: S3.EncodingType?) -> String? {
        guard encoding == "url", let key else { return key }
        return PercentEncoding.decode(key, plusIsSpace: true) ?? key
    }
}

/// A version or delete marker.
private struct ListedVersion {
    let key: String
    let versionID: String?
    let isLatest: Bool
    /// `nil` for a delete marker.
    let size: Int?
    let lastModified: Timestamp?

    /// S3 writes versions and markers into one list, which the shape has as two: merges them again.
    static func inOrder(_ output: S3.ListObjectVersionsOutput) -> [ListedVersion] {
        let versions = (output.versions ?? []).map {
            ListedVersion(
                key: App.decoded($0.key, output.encodingType) ?? "", versionID: $0.versionId,
                isLatest: $0.isLatest ?? false, size: $0.size ?? 0, lastModified: $0.lastModified)
        }
        let markers = (output.deleteMarkers ?? []).map {
            ListedVersion(
                key: App.decoded($0.key, output.encodingType) ?? "", versionID: $0.versionId,
                isLatest: $0.isLatest ?? false, size: nil, lastModified: $0.lastModified)
        }
        var merged: [ListedVersion] = []
        merged.reserveCapacity(versions.count + markers.count)
        var (rest, restOfMarkers) = (versions[...], markers[...])
        while let version = rest.first, let marker = restOfMarkers.first {
            merged.append(marker.comes(before: version) ? restOfMarkers.removeFirst() : rest.removeFirst())
        }
        return merged + rest + restOfMarkers
    }

    /// Keys in the order of their UTF-8 bytes, the newest of a key first.
    private func comes(before other: ListedVersion) -> Bool {
        if key != other.key { return key.utf8.lexicographicallyPrecedes(other.key.utf8) }
        if isLatest != other.isLatest { return isLatest }
        return lastModified ?? Timestamp(seconds: 0) > other.lastModified ?? Timestamp(seconds: 0)
    }

    var json: JSON {
        let time = JSON(lastModified?.iso8601())
        guard let size else {
            return .object([
                ("key", .string(key)), ("versionId", JSON(versionID)), ("isDeleteMarker", true),
                ("isLatest", .bool(isLatest)), ("lastModified", time),
            ])
        }
        return .object([
            ("key", .string(key)), ("versionId", JSON(versionID)), ("isLatest", .bool(isLatest)),
            ("size", .integer(size)), ("lastModified", time),
        ])
    }
}
