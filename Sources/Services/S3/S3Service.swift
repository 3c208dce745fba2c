import AWSModels
import AWSWire
import Ground
import ObjectStore

/// Amazon S3, for the caller of one request: AWS's rules and errors in front of an ``ObjectStore/ObjectStore``.
///
/// A value that lives as long as its request; everything that lasts is in the store.
public struct S3Service: S3API {
    let store: ObjectStore
    let context: CallContext

    public init(store: ObjectStore, context: CallContext) {
        self.store = store
        self.context = context
    }

    /// The account that calls.
    /// - Throws: AccessDenied for anonymous calls: no bucket is public while nothing can make it so.
    func callerAccount() throws(AWSError) -> String {
        guard let account = context.caller.account else { throw S3Failure.accessDenied() }
        return account
    }

    /// The bucket of a request, once the caller may use it.
    /// - Throws: NoSuchBucket 404; AccessDenied 403 for another account's bucket, or where the bucket is not owned by the
    ///   account that the caller expects (`x-amz-expected-bucket-owner`).
    func bucket(_ name: String?, expectedOwner: String?) async throws -> Bucket {
        let name = name ?? ""
        let account = try callerAccount()
        guard let bucket = try await mapped({ try await store.bucket(named: name) }) else {
            throw S3Failure.noSuchBucket(name)
        }
        guard bucket.account == account, expectedOwner == nil || expectedOwner == bucket.account else {
            throw S3Failure.accessDenied()
        }
        return bucket
    }

    /// The version that a request names, `nil` meaning the current one.
    /// - Throws: InvalidArgument for what can be no version id.
    func selector(_ versionId: String?) throws(AWSError) -> VersionSelector {
        guard let versionId else { return .current }
        guard !versionId.isEmpty else {
            throw S3Failure.invalidArgument("Version id cannot be the empty string", "versionId", versionId)
        }
        return .version(versionId == "null" ? .null : .opaque(versionId))
    }

    /// Runs a call of the store and tells its refusals as S3 does.
    func mapped<Value>(
        bucket: String = "", key: String = "", versionId: String? = nil, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch let error as ObjectStoreError {
            throw S3Failure.from(error, bucket: bucket, key: key, versionId: versionId)
        }
    }

    /// Owner of all that an account has, as S3 tells it: a canonical user id of 64 hex digits.
    static func owner(of account: String) -> S3.Owner {
        S3.Owner(displayName: account, id: canonicalUserID(of: account))
    }

    static func canonicalUserID(of account: String) -> String {
        var hasher = ChecksumHasher(.sha256)
        Array("canonical-user:\(account)".utf8).withUnsafeBytes { hasher.update($0) }
        return Hex.encode(hasher.finalize())
    }

    /// The id that an answer tells: none where the bucket never had versions.
    static func toldVersionID(_ id: VersionID, in bucket: Bucket) -> String? {
        bucket.versioning == .neverSet ? nil : id.text
    }
}
