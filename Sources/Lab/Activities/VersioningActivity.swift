import AWSModels
import AWSWire
import Ground

/// Activity 1, its first part: a bucket that keeps every version.
enum VersioningActivity {
    static let name = "1 · S3 versioning"
    static let key = "site/prod/index.html"
    private static let first = "<h1>Welcome, revision 1</h1>\n"
    private static let second = "<h1>Welcome, revision 2</h1>\n"

    static let steps = [
        identity, createBucket, enableVersioning, putTwice, listVersions, readOld, restore, delete, undelete,
        deleteForGood,
    ]

    private static let identity = LabStep(
        "versioning.identity", name, "Ask who is calling",
        purpose: "Every request is signed; this shows whose key signs.",
        command: "aws sts get-caller-identity"
    ) { session in
        let caller = try await session.sts.getCallerIdentity(.init())
        let account = try require(caller.account, "Account")
        try check(account.count == 12 && account.allSatisfy(\.isNumber), "Account \(account) has not 12 digits")
        return [Evidence("Account", account), Evidence("Arn", caller.arn ?? "")]
    }

    private static let createBucket = LabStep(
        "versioning.bucket", name, "Create the bucket",
        purpose: "All objects of the lab live in one bucket of its own region.",
        command: "aws s3api create-bucket --bucket $BUCKET --create-bucket-configuration LocationConstraint=$AWS_REGION"
    ) { session in
        let location: S3.CreateBucketConfiguration? =
            session.region == "us-east-1" ? nil : .init(locationConstraint: .init(rawValue: session.region))
        let created = try await session.s3.createBucket(
            .init(bucket: session.bucket, createBucketConfiguration: location))
        let head = try await session.s3.headBucket(.init(bucket: session.bucket))
        try check(
            head.bucketRegion == session.region,
            "the bucket is in \(head.bucketRegion ?? "no region"), not \(session.region)")
        return [Evidence("Location", created.location ?? ""), Evidence("BucketRegion", head.bucketRegion ?? "")]
    }

    private static let enableVersioning = LabStep(
        "versioning.enable", name, "Enable versioning and read it back",
        purpose: "From now on nothing that is written over or deleted is lost.",
        command: "aws s3api put-bucket-versioning --bucket $BUCKET --versioning-configuration Status=Enabled"
    ) { session in
        let before = try await session.s3.getBucketVersioning(.init(bucket: session.bucket))
        try check(before.status == nil, "a new bucket tells the status \(before.status?.rawValue ?? "")")
        _ = try await session.s3.putBucketVersioning(
            .init(bucket: session.bucket, versioningConfiguration: .init(status: .enabled)))
        let after = try await session.s3.getBucketVersioning(.init(bucket: session.bucket))
        try check(after.status == .enabled, "the status is \(after.status?.rawValue ?? "not set")")
        return [Evidence("Status before", "(never set)"), Evidence("Status after", after.status?.rawValue ?? "")]
    }

    private static let putTwice = LabStep(
        "versioning.put", name, "Put the same key twice",
        purpose: "Each write of a key makes a version with an id of its own.",
        command: "aws s3api put-object --bucket $BUCKET --key \(key) --body index.html   # twice"
    ) { session in
        var ids: [String] = []
        for text in [first, second] {
            let put = try await session.s3.putObject(
                .init(body: ByteStream(text), bucket: session.bucket, contentType: "text/html", key: key))
            ids.append(try require(put.versionId, "VersionId"))
        }
        try check(ids[0] != ids[1], "both writes have the version id \(ids[0])")
        session.note("first", ids[0])
        session.note("second", ids[1])
        let current = try await session.text(of: key)
        try check(current == second, "the current version is not the second")
        return [Evidence("VersionId of the first", ids[0]), Evidence("VersionId of the second", ids[1])]
    }

    private static let listVersions = LabStep(
        "versioning.list", name, "List the versions",
        purpose: "The newest comes first and is the latest.",
        command: "aws s3api list-object-versions --bucket $BUCKET --prefix \(key)"
    ) { session in
        let versions = try await versions(session)
        let expected = [try session.noted("second"), try session.noted("first")]
        try check(versions.map(\.versionId) == expected, "listed are \(versions.map { $0.versionId ?? "-" })")
        try check(versions.map(\.isLatest) == [true, false], "IsLatest is not told of the newest alone")
        return versions.map {
            Evidence(
                $0.versionId ?? "", $0.isLatest == true ? "latest, \($0.size ?? 0) bytes" : "\($0.size ?? 0) bytes")
        }
    }

    private static let readOld = LabStep(
        "versioning.read", name, "Read an old version by its id",
        purpose: "An id gets exactly that version, whatever came after it.",
        command: "aws s3api get-object --bucket $BUCKET --key \(key) --version-id $FIRST old.html"
    ) { session in
        let text = try await session.text(of: key, versionId: session.noted("first"))
        try check(text == first, "the text is not that of the first version")
        return [Evidence("Body", text)]
    }

    private static let restore = LabStep(
        "versioning.restore", name, "Restore it: copy the old version onto the key",
        purpose: "A restore is one more version; the history stays whole.",
        command: "aws s3api copy-object --bucket $BUCKET --key \(key) --copy-source \"$BUCKET/\(key)?versionId=$FIRST\""
    ) { session in
        let source = try session.noted("first")
        let copy = try await session.s3.copyObject(
            .init(bucket: session.bucket, copySource: "\(session.bucket)/\(key)?versionId=\(source)", key: key))
        try check(copy.copySourceVersionId == source, "the copy's source is \(copy.copySourceVersionId ?? "not told")")
        let restored = try require(copy.versionId, "VersionId")
        try check(restored != source, "the copy has the id of its source")
        session.note("restored", restored)
        try check(try await session.text(of: key) == first, "the current version has not the restored text")
        let count = try await versions(session).count
        try check(count == 3, "there are \(count) versions, not 3")
        return [Evidence("VersionId", restored), Evidence("CopySourceVersionId", source), Evidence("Versions", count)]
    }

    private static let delete = LabStep(
        "versioning.delete", name, "Delete the key",
        purpose: "Without an id a delete only sets a marker in front of the versions.",
        command: "aws s3api delete-object --bucket $BUCKET --key \(key)"
    ) { session in
        let deleted = try await session.s3.deleteObject(.init(bucket: session.bucket, key: key))
        try check(deleted.deleteMarker == true, "no delete marker was made")
        let marker = try require(deleted.versionId, "VersionId of the marker")
        session.note("marker", marker)
        let code = await code { _ = try await session.text(of: key) }
        try check(code == "NoSuchKey", "GET gives \(code ?? "the object"), not NoSuchKey")
        let count = try await versions(session).count
        try check(count == 3, "there are \(count) versions behind the marker, not 3")
        return [Evidence("Delete marker", marker), Evidence("GET", "NoSuchKey"), Evidence("Versions behind it", count)]
    }

    private static let undelete = LabStep(
        "versioning.undelete", name, "Undelete: remove the marker",
        purpose: "With the marker gone the newest version is current again.",
        command: "aws s3api delete-object --bucket $BUCKET --key \(key) --version-id $MARKER"
    ) { session in
        let removed = try await session.s3.deleteObject(
            .init(bucket: session.bucket, key: key, versionId: session.noted("marker")))
        try check(removed.deleteMarker == true, "what was removed is not told to be a marker")
        let text = try await session.text(of: key)
        try check(text == first, "the current version has not the restored text")
        return [Evidence("Removed marker", removed.versionId ?? ""), Evidence("GET", text)]
    }

    private static let deleteForGood = LabStep(
        "versioning.purge", name, "Delete one version for good",
        purpose: "With an id a delete is final for that version, and for no other.",
        command: "aws s3api delete-object --bucket $BUCKET --key \(key) --version-id $SECOND"
    ) { session in
        let second = try session.noted("second")
        _ = try await session.s3.deleteObject(.init(bucket: session.bucket, key: key, versionId: second))
        let code = await code { _ = try await session.text(of: key, versionId: second) }
        try check(code == "NoSuchVersion", "GET of it gives \(code ?? "the object"), not NoSuchVersion")
        let left = try await versions(session).compactMap(\.versionId)
        let expected = [try session.noted("restored"), try session.noted("first")]
        try check(left == expected, "left are \(left)")
        return [Evidence("GET of \(second)", "NoSuchVersion"), Evidence("Versions left", left.count)]
    }

    private static func versions(_ session: LabSession) async throws -> [S3.ObjectVersion] {
        try await session.s3.listObjectVersions(.init(bucket: session.bucket, prefix: key)).versions ?? []
    }

    /// The code of the error that a call ends with.
    private static func code(_ call: () async throws -> Void) async -> String? {
        do {
            try await call()
            return nil
        } catch let error as AWSError {
            return error.code
        } catch {
            return "\(error)"
        }
    }
}
