import AWSModels
import AWSWire
import Ground
import ObjectStore

extension S3Service {
    public func createBucket(_ input: S3.CreateBucketRequest) async throws -> S3.CreateBucketOutput {
        let account = try callerAccount()
        let name = input.bucket ?? ""
        guard S3BucketName.isValid(name) else {
            throw AWSError("InvalidBucketName", "The specified bucket is not valid.", details: [("BucketName", name)])
        }
        try refuseUnwrittenOptions(of: input)
        let region = try bucketRegion(input.createBucketConfiguration?.locationConstraint?.rawValue)
        let tags = try input.createBucketConfiguration?.tags.map { (tags) throws(AWSError) in
            try S3Tags.parse(tags, limit: S3Limits.bucketTags, of: "Bucket")
        }
        do {
            let bucket = try await store.createBucket(name: name, account: account, region: region)
            if let tags {
                try await store.setConfiguration(
                    bucket: bucket, name: Self.taggingConfiguration, value: S3Tags.encode(tags))
            }
        } catch {
            guard case .bucketExists(let existing) = error, existing.account == account else {
                throw S3Failure.from(error, bucket: name, key: "", versionId: nil)
            }
            // In us-east-1 alone, making one's own bucket again is no error (CreateBucket, BucketAlreadyOwnedByYou).
            guard region == "us-east-1", existing.region == region else {
                throw AWSError(
                    "BucketAlreadyOwnedByYou",
                    "Your previous request to create the named bucket succeeded and you already own it.", status: 409,
                    details: [("BucketName", name)])
            }
        }
        return .init(location: "/\(name)", bucketArn: Self.arn(ofBucket: name))
    }

    /// The region that a CreateBucket asks for: outside us-east-1 it must be the endpoint's own.
    private func bucketRegion(_ constraint: String?) throws(AWSError) -> String {
        guard let constraint, !constraint.isEmpty else {
            guard context.region == "us-east-1" else {
                throw AWSError(
                    "IllegalLocationConstraintException",
                    "The unspecified location constraint is incompatible for the region specific endpoint this request "
                        + "was sent to.")
            }
            return "us-east-1"
        }
        let region = constraint == "EU" ? "eu-west-1" : constraint
        guard constraint != "us-east-1", S3.BucketLocationConstraint.allValues.contains(constraint) else {
            throw AWSError(
                "InvalidLocationConstraint", "The specified location-constraint is not valid",
                details: [("LocationConstraint", constraint)])
        }
        guard region == context.region || context.region == "us-east-1" else {
            throw AWSError(
                "IllegalLocationConstraintException",
                "The \(constraint) location constraint is incompatible for the region specific endpoint this request was "
                    + "sent to.")
        }
        return region
    }

    private func refuseUnwrittenOptions(of input: S3.CreateBucketRequest) throws(AWSError) {
        if let acl = input.acl, acl != .private {
            throw AWSError(
                "InvalidBucketAclWithObjectOwnership",
                "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
        }
        let grants = [
            input.grantFullControl, input.grantRead, input.grantReadACP, input.grantWrite, input.grantWriteACP,
        ]
        guard grants.allSatisfy({ $0 == nil }) else {
            throw AWSError(
                "InvalidBucketAclWithObjectOwnership",
                "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
        }
        if let ownership = input.objectOwnership, ownership != .bucketOwnerEnforced {
            throw S3Failure.notImplemented(header: "x-amz-object-ownership: \(ownership.rawValue)")
        }
        if input.objectLockEnabledForBucket == true {
            throw S3Failure.notImplemented(header: "x-amz-bucket-object-lock-enabled")
        }
        if input.createBucketConfiguration?.bucket != nil || input.createBucketConfiguration?.location != nil {
            throw S3Failure.notImplemented(header: "CreateBucketConfiguration for directory buckets")
        }
    }

    public func headBucket(_ input: S3.HeadBucketRequest) async throws -> S3.HeadBucketOutput {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        return .init(
            bucketArn: Self.arn(ofBucket: bucket.name), bucketRegion: bucket.region, accessPointAlias: false)
    }

    public func deleteBucket(_ input: S3.DeleteBucketRequest) async throws -> S3.DeleteBucketResponse {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        try await mapped(bucket: bucket.name) { try await store.deleteBucket(named: bucket.name) }
        return .init()
    }

    public func listBuckets(_ input: S3.ListBucketsRequest) async throws -> S3.ListBucketsOutput {
        let account = try callerAccount()
        let limit = input.maxBuckets ?? 10_000
        guard (1...10_000).contains(limit) else {
            throw S3Failure.invalidArgument(
                "Argument max-buckets must be an integer between 1 and 10000", "max-buckets", String(limit))
        }
        let after = try input.continuationToken.map { (token) throws(AWSError) in
            try S3Listing.decode(token: token, argument: "continuation-token")
        }
        var found: [Bucket] = []
        var position = after
        var isTruncated = false
        // The store knows no regions, so that pages are filled here when one is asked for.
        repeat {
            let page = try await mapped {
                try await store.buckets(
                    account: account, prefix: input.prefix ?? "", after: position, limit: limit + 1)
            }
            for bucket in page where input.bucketRegion == nil || bucket.region == input.bucketRegion {
                guard found.count < limit else {
                    isTruncated = true
                    break
                }
                found.append(bucket)
            }
            position = page.last?.name
            if page.count <= limit { break }
        } while !isTruncated
        return .init(
            buckets: found.map {
                S3.Bucket(
                    name: $0.name, creationDate: $0.created, bucketRegion: $0.region,
                    bucketArn: Self.arn(ofBucket: $0.name))
            },
            owner: Self.owner(of: account),
            continuationToken: isTruncated ? found.last.map { S3Listing.encode(token: $0.name) } : nil,
            prefix: input.prefix)
    }

    public func getBucketLocation(_ input: S3.GetBucketLocationRequest) async throws -> S3.GetBucketLocationOutput {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        // us-east-1 is told by an empty constraint.
        return .init(locationConstraint: .init(rawValue: bucket.region == "us-east-1" ? "" : bucket.region))
    }

    public func putBucketVersioning(
        _ input: S3.PutBucketVersioningRequest
    ) async throws -> S3.PutBucketVersioningResponse {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        if input.mfa != nil || input.versioningConfiguration?.mfaDelete == .enabled {
            throw S3Failure.notImplemented(header: "MfaDelete")
        }
        let state: VersioningState
        switch input.versioningConfiguration?.status {
        case .some(.enabled): state = .enabled
        case .some(.suspended): state = .suspended
        case .none:
            throw AWSError(
                "IllegalVersioningConfigurationException",
                "The Versioning element must be specified")
        default: throw S3Failure.malformedXML()
        }
        _ = try await mapped(bucket: bucket.name) { try await store.setVersioning(bucket: bucket, state) }
        return .init()
    }

    public func getBucketVersioning(_ input: S3.GetBucketVersioningRequest) async throws -> S3.GetBucketVersioningOutput
    {
        let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
        switch bucket.versioning {
        case .neverSet: return .init()
        case .enabled: return .init(status: .enabled)
        case .suspended: return .init(status: .suspended)
        }
    }

    static func arn(ofBucket name: String) -> String { "arn:aws:s3:::\(name)" }
}
