import AWSModels
import Ground
import Synchronization

/// What the steps of one run share: the services, the app, and what earlier steps made.
public final class LabSession: Sendable {
    let s3: any S3API
    let sts: any STSAPI
    let app: AppProcess
    /// The lab's bucket.
    let bucket: String
    let region: String
    private let notes = Mutex<[String: String]>([:])

    init(s3: any S3API, sts: any STSAPI, app: AppProcess, bucket: String, region: String) {
        self.s3 = s3
        self.sts = sts
        self.app = app
        self.bucket = bucket
        self.region = region
    }

    /// Something that a later step needs: a version id under a name.
    func note(_ name: String, _ value: String) { notes.withLock { $0[name] = value } }

    func noted(_ name: String) throws(LabFailure) -> String {
        try require(notes.withLock { $0[name] }, "\(name), which an earlier step should have made,")
    }

    /// The text of an object or of one of its versions.
    func text(of key: String, versionId: String? = nil) async throws -> String {
        let output = try await s3.getObject(.init(bucket: bucket, key: key, versionId: versionId))
        return String(buffer: try await require(output.body, "the body").collect(upTo: 1 << 20))
    }
}
