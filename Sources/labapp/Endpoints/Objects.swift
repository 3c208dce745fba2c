import AWSModels
import HTTPServer

extension App {
    /// `DELETE /object/<key>`: with a version removes that one for good, without one sets a delete marker.
    func deleteObject(_ request: AppRequest) async throws -> HTTPServerResponse {
        let key = try request.key(behind: "/object/")
        let version = request.parameter("versionId")
        let output = try await s3.deleteObject(
            S3.DeleteObjectRequest(bucket: settings.bucket, key: key, versionId: version))
        return HTTPServerResponse(json: [
            ("ok", true), ("key", .string(key)), ("versionId", JSON(output.versionId ?? version)),
            ("deleteMarker", .bool(output.deleteMarker ?? false)),
        ])
    }
}
