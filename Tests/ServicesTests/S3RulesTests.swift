import AWSModels
import AWSWire
import Crypto
import Ground
import NIOHTTP1
import ObjectStore
import Services
import Testing

/// S3's rules through the service, on a store and a clock of the test's own.
@Suite struct S3RulesTests {
    private func withService(
        region: String = "us-east-1", account: String = "123456789012",
        _ body: (S3Service, ObjectStore) async throws -> Void
    ) async throws {
        let directory = "/tmp/skylab-services-\(UInt64.random(in: 0 ... .max))"
        defer { removeTree(directory) }
        let store = try ObjectStore(
            directory: directory, clock: CloudClock(manualFrom: Timestamp(seconds: 1_795_507_687)))
        do {
            try await body(service(store, region: region, account: account), store)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    private func service(_ store: ObjectStore, region: String = "us-east-1", account: String) -> S3Service {
        S3Service(
            store: store,
            context: CallContext(
                requestID: "TEST", caller: .root(account: account, accessKeyID: "AKIATEST"), region: region,
                headers: [:], baseURL: "http://localhost:4566"))
    }

    private func code(_ call: () async throws -> Void) async -> String? {
        do {
            try await call()
            return nil
        } catch let error as AWSError {
            return error.code
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        "abc", "a-b.c", "0ab", "a23456789012345678901234567890123456789012345678901234567890123",
    ])
    func namesThatBucketsMayHave(_ name: String) async throws {
        try await withService { s3, _ in
            _ = try await s3.createBucket(.init(bucket: name))
            let listed = try await s3.listBuckets(.init()).buckets?.map(\.name)
            #expect(listed == [name])
        }
    }

    @Test(arguments: [
        "ab", "-ab", "ab-", "a..b", "Abc", "a_b", "192.168.0.1", "xn--a", "sthree-a", "a-s3alias", "a--ol-s3", "a.mrap",
        "a234567890123456789012345678901234567890123456789012345678901234", "é23",
    ])
    func namesThatBucketsMayNotHave(_ name: String) async throws {
        try await withService { s3, _ in
            let code = await code { _ = try await s3.createBucket(.init(bucket: name)) }
            #expect(code == "InvalidBucketName")
        }
    }

    @Test func regionsAndConstraints() async throws {
        try await withService(region: "ap-south-1") { s3, store in
            #expect(
                await code { _ = try await s3.createBucket(.init(bucket: "none")) }
                    == "IllegalLocationConstraintException")
            _ = try await s3.createBucket(
                .init(bucket: "here", createBucketConfiguration: .init(locationConstraint: "ap-south-1")))
            #expect(
                await code {
                    _ = try await s3.createBucket(
                        .init(bucket: "there", createBucketConfiguration: .init(locationConstraint: "eu-west-1")))
                } == "IllegalLocationConstraintException")
            #expect(
                await code {
                    _ = try await s3.createBucket(
                        .init(bucket: "nowhere", createBucketConfiguration: .init(locationConstraint: "moon-1")))
                } == "InvalidLocationConstraint")
            // Again: an error here, none in us-east-1.
            #expect(
                await code {
                    _ = try await s3.createBucket(
                        .init(bucket: "here", createBucketConfiguration: .init(locationConstraint: "ap-south-1")))
                } == "BucketAlreadyOwnedByYou")
            let virginia = service(store, account: "123456789012")
            _ = try await virginia.createBucket(.init(bucket: "classic"))
            _ = try await virginia.createBucket(.init(bucket: "classic"))
            #expect(try await virginia.getBucketLocation(.init(bucket: "classic")).locationConstraint?.rawValue == "")
        }
    }

    @Test func bucketsBelongToAccounts() async throws {
        try await withService { s3, store in
            _ = try await s3.createBucket(.init(bucket: "mine"))
            let other = service(store, account: "210987654321")
            #expect(await code { _ = try await other.headBucket(.init(bucket: "mine")) } == "AccessDenied")
            #expect(await code { _ = try await other.createBucket(.init(bucket: "mine")) } == "BucketAlreadyExists")
            #expect(try await other.listBuckets(.init()).buckets?.isEmpty == true)
            #expect(
                await code { _ = try await s3.headBucket(.init(bucket: "mine", expectedBucketOwner: "210987654321")) }
                    == "AccessDenied")
        }
    }

    @Test(arguments: [
        ("bytes=0-3", 0, 4), ("bytes=4-", 4, 10), ("bytes=-3", 7, 10), ("bytes=-99", 0, 10), ("bytes=8-99", 8, 10),
    ])
    func ranges(_ header: String, _ first: Int, _ end: Int) async throws {
        try await withService { s3, _ in
            _ = try await s3.createBucket(.init(bucket: "bucket"))
            _ = try await s3.putObject(.init(body: ByteStream("0123456789"), bucket: "bucket", key: "k"))
            let got = try await s3.getObject(.init(bucket: "bucket", key: "k", range: header))
            #expect(got.contentRange == "bytes \(first)-\(end - 1)/10")
            let text = String(buffer: try await got.body?.collect(upTo: 100) ?? .init())
            #expect(text == String("0123456789".dropFirst(first).prefix(end - first)))
        }
    }

    @Test(arguments: [
        ("bytes=10-", "InvalidRange"), ("bytes=-0", "InvalidRange"), ("bytes=5-2", nil), ("items=0-1", nil),
        ("bytes=0-1,4-5", nil),
    ])
    func rangesThatAreNone(_ header: String, _ expected: String?) async throws {
        try await withService { s3, _ in
            _ = try await s3.createBucket(.init(bucket: "bucket"))
            _ = try await s3.putObject(.init(body: ByteStream("0123456789"), bucket: "bucket", key: "k"))
            let code = await code {
                let got = try await s3.getObject(.init(bucket: "bucket", key: "k", range: header))
                #expect(got.contentRange == nil && got.contentLength == 10)
            }
            #expect(code == expected)
        }
    }

    @Test func keysAreBytes() async throws {
        try await withService { s3, _ in
            _ = try await s3.createBucket(.init(bucket: "bucket"))
            // Equal as Swift's strings, two keys for S3: a copy from one to the other is none onto itself.
            let composed = "caf\u{E9}"
            let decomposed = "cafe\u{301}"
            _ = try await s3.putObject(.init(body: ByteStream("1"), bucket: "bucket", key: composed))
            #expect(await code { _ = try await s3.getObject(.init(bucket: "bucket", key: decomposed)) } == "NoSuchKey")
            let source = "bucket/\(PercentEncoding.encode(composed))"
            _ = try await s3.copyObject(.init(bucket: "bucket", copySource: source, key: decomposed))
            #expect(
                await code { _ = try await s3.copyObject(.init(bucket: "bucket", copySource: source, key: composed)) }
                    == "InvalidRequest")
            #expect(try await s3.listObjectsV2(.init(bucket: "bucket")).keyCount == 2)
        }
    }

    @Test(arguments: ["a=1&a=2", "aws:x=1", "=1", "k=a\u{1}b"])
    func tagsThatAreRefused(_ header: String) async throws {
        try await withService { s3, _ in
            _ = try await s3.createBucket(.init(bucket: "bucket"))
            let code = await code {
                _ = try await s3.putObject(
                    .init(
                        body: .empty, bucket: "bucket", key: "k",
                        tagging: header.replacing("\u{1}", with: "%01")))
            }
            #expect(code == "InvalidTag" || code == "InvalidArgument")
            #expect(await self.code { _ = try await s3.headObject(.init(bucket: "bucket", key: "k")) } == "NoSuchKey")
        }
    }

    @Test func aMultipartObjectKeepsTheTimeAndPlaceOfItsCreation() async throws {
        try await withService { s3, _ in
            _ = try await s3.createBucket(.init(bucket: "bucket"))
            _ = try await s3.putBucketVersioning(
                .init(bucket: "bucket", versioningConfiguration: .init(status: .enabled)))
            let early = try await s3.createMultipartUpload(.init(bucket: "bucket", key: "k"))
            _ = try await s3.putObject(.init(body: ByteStream("later"), bucket: "bucket", key: "k"))
            let part = try await s3.uploadPart(
                .init(body: ByteStream("early"), bucket: "bucket", key: "k", partNumber: 1, uploadId: early.uploadId))
            let completed = try await s3.completeMultipartUpload(
                .init(
                    bucket: "bucket", key: "k",
                    multipartUpload: .init(parts: [.init(eTag: part.eTag, partNumber: 1)]), uploadId: early.uploadId))
            let md5 = Insecure.MD5.hash(data: Array(Insecure.MD5.hash(data: Array("early".utf8))))
            #expect(completed.eTag == "\"\(Hex.encode(md5))-1\"")
            // Initiated first, so the older version, though it was completed last.
            let current = try await s3.getObject(.init(bucket: "bucket", key: "k"))
            #expect(String(buffer: try await current.body?.collect(upTo: 100) ?? .init()) == "later")
        }
    }
}
