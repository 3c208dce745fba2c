import AWSModels
import AWSWire
import Ground

/// The end of a run: every version, every marker and the bucket itself go. May be run twice.
enum CleanUp {
    static let name = "Clean-up"

    static let steps = [
        LabStep(
            "cleanup.bucket", name, "Remove every version, then the bucket",
            purpose: "A bucket can be deleted only when no version and no marker is left in it.",
            command: "aws s3api delete-objects ... && aws s3api delete-bucket --bucket $BUCKET"
        ) { session in
            let removed = try await empty(session)
            _ = try await session.s3.deleteBucket(.init(bucket: session.bucket))
            do {
                _ = try await session.s3.headBucket(.init(bucket: session.bucket))
            } catch let error as AWSError where error.status == 404 {
                return [Evidence("Versions and markers removed", removed), Evidence("HEAD of the bucket", 404)]
            }
            throw LabFailure("the bucket is still there")
        }
    ]

    private static func empty(_ session: LabSession) async throws -> Int {
        var removed = 0
        while true {
            let page = try await session.s3.listObjectVersions(.init(bucket: session.bucket))
            let found =
                (page.versions ?? []).map { S3.ObjectIdentifier(key: $0.key, versionId: $0.versionId) }
                + (page.deleteMarkers ?? []).map { S3.ObjectIdentifier(key: $0.key, versionId: $0.versionId) }
            guard !found.isEmpty else { return removed }
            let output = try await session.s3.deleteObjects(
                .init(bucket: session.bucket, delete: .init(objects: found, quiet: true)))
            if let error = output.errors?.first {
                throw LabFailure("\(error.key ?? "") could not be removed: \(error.code ?? "") \(error.message ?? "")")
            }
            removed += found.count
        }
    }
}
