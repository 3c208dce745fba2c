import AWSModels
import AWSWire
import Ground
import NIOCore
import NIOHTTP1
import Testing

@Suite struct HTTPBindingTests {
    @Test func requestsBindHeadersQueryAndLabels() throws {
        var request = WireRequest(
            method: .PUT, query: [("partNumber", "3"), ("uploadId", nil), ("x-id", "UploadPart")],
            labels: ["Bucket": "b", "Key": "k/é"], headers: ["Content-Length": "5", "X-AMZ-Checksum-CRC32": "AAAAAA=="])
        request.body = ByteStream("hello")
        let input: S3.UploadPartRequest = try ServerCodec.decode(S3.uploadPart, request, .restXML)
        #expect(input.bucket == "b" && input.key == "k/é" && input.partNumber == 3 && input.uploadId == "")
        #expect(input.contentLength == 5 && input.checksumCRC32 == "AAAAAA==")
        #expect(input.body.map { String(buffer: buffer($0)) } == "hello")
    }

    @Test func prefixedHeadersAreOneMap() throws {
        let request = WireRequest(
            method: .PUT,
            headers: ["X-Amz-Meta-Color": "red", "x-amz-meta-a": "1", "x-amz-meta-A": "2", "x-amz-meta-": "0"])
        let input: S3.PutObjectRequest = try ServerCodec.decode(S3.putObject, request, .restXML)
        #expect(input.metadata == ["color": "red", "a": "1,2", "": "0"])
    }

    @Test func listsInHeadersAreSplit() throws {
        let request = WireRequest(
            method: .GET,
            headers: [
                "x-amz-object-attributes": "ETag, Checksum", "X-Amz-Object-Attributes": "\"a,\\\"b\",,ObjectSize",
            ])
        let input: S3.GetObjectAttributesRequest = try ServerCodec.decode(S3.getObjectAttributes, request, .restXML)
        #expect(input.objectAttributes?.map(\.rawValue) == ["ETag", "Checksum", "a,\"b", "ObjectSize"])
    }

    @Test func conditionsWithoutDateAreNone() throws {
        let request = WireRequest(
            method: .GET,
            headers: ["If-Modified-Since": "yesterday", "If-Unmodified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"])
        let input: S3.GetObjectRequest = try ServerCodec.decode(S3.getObject, request, .restXML)
        #expect(input.ifModifiedSince == nil)
        #expect(input.ifUnmodifiedSince == Timestamp(seconds: 784_111_777))
    }

    @Test func wrongNumbersAreInvalidArguments() {
        let request = WireRequest(method: .GET, query: [("max-keys", "many")])
        let error = #expect(throws: WireError.self) {
            try ServerCodec.decode(S3.listObjectsV2, request, .restXML) as S3.ListObjectsV2Request
        }
        let told = error?.asAWSError(.restXML)
        #expect(told?.code == "InvalidArgument" && told?.details.first?.value == "max-keys")
        #expect(told?.message == "Provided max-keys not an integer or within integer range")
    }

    @Test func requestsExpandTheirTemplate() throws {
        var input = S3.GetObjectTaggingRequest()
        input.bucket = "my-bucket"
        input.key = "/a b/é?#%~"
        input.versionId = "v+1"
        let sent = try ClientCodec.encode(S3.getObjectTagging, input)
        #expect(sent.target == "/my-bucket//a%20b/%C3%A9%3F%23%25~?tagging&versionId=v%2B1")
        input.key = ""
        #expect(throws: WireError.self) { try ClientCodec.encode(S3.getObjectTagging, input) }
    }

    @Test func answersAreDeterministicText() throws {
        var output = S3.GetBucketVersioningOutput()
        func body(_ response: WireResponse) -> String { String(buffer: buffer(response.body)) }
        let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        let namespace = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""
        var response = ServerCodec.encode(S3.getBucketVersioning, output, .restXML, requestID: "")
        #expect(body(response) == "\(declaration)<VersioningConfiguration\(namespace)></VersioningConfiguration>")
        #expect(response.headers["content-type"] == ["application/xml"])
        output.status = "Enabled"
        response = ServerCodec.encode(S3.getBucketVersioning, output, .restXML, requestID: "")
        #expect(
            body(response)
                == "\(declaration)<VersioningConfiguration\(namespace)><Status>Enabled</Status></VersioningConfiguration>"
        )
    }

    @Test func bucketLocationIsTheRootsText() throws {
        for region in ["ap-south-1", nil] as [String?] {
            let output = S3.GetBucketLocationOutput(locationConstraint: region.map { .init(rawValue: $0) })
            let response = ServerCodec.encode(S3.getBucketLocation, output, .restXML, requestID: "")
            let text = String(buffer: buffer(response.body))
            #expect(
                text.hasSuffix(
                    "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(region ?? "")</LocationConstraint>"
                ))
            let again: S3.GetBucketLocationOutput = try ClientCodec.decode(
                S3.getBucketLocation, status: 200, headers: [:], document: buffer(response.body))
            #expect(again.locationConstraint?.rawValue == region)
        }
    }

    @Test func objectsBindHeadersOnly() throws {
        var output = S3.GetObjectOutput()
        output.body = ByteStream("x")
        output.contentLength = 1
        output.contentType = "text/plain"
        output.eTag = "\"e\""
        output.lastModified = Timestamp(milliseconds: 784_111_777_999)
        output.metadata = ["a": "1"]
        output.deleteMarker = false
        let response = ServerCodec.encode(S3.getObject, output, .restXML, requestID: "")
        #expect(response.status == 200 && String(buffer: buffer(response.body)) == "x")
        let headers = response.headers.sorted { $0.name < $1.name }.map { "\($0.name): \($0.value)" }
        #expect(
            headers == [
                "Content-Length: 1", "Content-Type: text/plain", "ETag: \"e\"",
                "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT",
                "x-amz-delete-marker: false", "x-amz-meta-a: 1",
            ])
    }
}
