import AWSModels
import AWSWire
import Ground
import NIOCore
import NIOHTTP1
import Testing

@Suite struct ErrorTests {
    private func text(_ response: WireResponse) -> String { String(buffer: buffer(response.body)) }

    @Test func s3() {
        let error = AWSError(
            "NoSuchKey", "The specified key does not exist.", status: 404, details: [("Key", "a&b")],
            headers: ["x-amz-delete-marker": "true"])
        let response = ServerCodec.encode(error: error, .restXML, requestID: "R", hostID: "H", resource: "/b/a%26b")
        #expect(response.status == 404)
        #expect(response.headers["x-amz-delete-marker"] == ["true"])
        #expect(
            text(response) == "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code>"
                + "<Message>The specified key does not exist.</Message><Key>a&amp;b</Key><Resource>/b/a%26b</Resource>"
                + "<RequestId>R</RequestId><HostId>H</HostId></Error>")
        let again = ClientCodec.decodeError(
            S3.getObject, status: 404, headers: response.headers, document: buffer(response.body))
        #expect(again.code == "NoSuchKey" && again.message == error.message && again.requestID == "R")
        #expect(again.details.map(\.name) == ["Key", "Resource"])
    }

    @Test func query() {
        let error = AWSError("ValidationError", "no", status: 400)
        let response = ServerCodec.encode(error: error, .awsQuery, service: STS.service, requestID: "R")
        #expect(
            text(response)
                == "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>"
                + "<Code>ValidationError</Code><Message>no</Message></Error><RequestId>R</RequestId></ErrorResponse>")
    }

    @Test func jsonAndCompatibleQuery() {
        let error = AWSError("InvalidNextToken", "no", status: 400)
        let response = ServerCodec.encode(
            error: error, .awsJSON10, operation: CloudWatch.describeAlarms, requestID: "R")
        #expect(text(response) == #"{"__type":"InvalidNextToken","message":"no"}"#)
        #expect(response.headers.first(name: "x-amzn-ErrorType") == "InvalidNextToken")
        #expect(response.headers.first(name: "x-amzn-query-error") == "InvalidNextToken;Sender")
        #expect(response.headers.first(name: "content-type") == "application/x-amz-json-1.0")
    }

    @Test func codesLoseTheirNamespace() {
        let error = ClientCodec.decodeError(
            ECS.describeTasks, status: 400, headers: ["x-amzn-RequestId": "R"],
            document: ByteBuffer(
                string:
                    #"{"__type":"com.amazonaws.ecs#ClusterNotFoundException:http://x","Message":"no","a":{"b":1},"n":2}"#
            ))
        #expect(error.code == "ClusterNotFoundException" && error.message == "no" && error.requestID == "R")
        #expect(error.details.map(\.name) == ["n"])
    }

    @Test(arguments: [(404, "NotFound"), (403, "Forbidden"), (412, "PreconditionFailed"), (503, "ServiceUnavailable")])
    func withoutBodyTheStatusTells(status: Int, code: String) {
        let error = ClientCodec.decodeError(S3.headObject, status: status, headers: [:], document: ByteBuffer())
        #expect(error.code == code && error.status == status && !error.message.isEmpty)
    }

    @Test(arguments: WireProtocol.allCases)
    func anyPageIsAnError(proto: WireProtocol) {
        for page in ["<html><body>Bad gateway</body></html>", "nonsense", "{", "<Error>"] {
            let error = ClientCodec.decodeError(
                S3.getObject, proto, status: 502, headers: [:], document: ByteBuffer(string: page))
            #expect(error.code == "BadGateway")
        }
    }

    @Test(arguments: [
        (WireProtocol.awsJSON11, "SerializationException"), (.rpcV2CBOR, "SerializationException"),
        (.awsQuery, "MalformedQueryString"), (.restXML, "MalformedXML"),
    ])
    func unreadableRequests(proto: WireProtocol, code: String) {
        let error = WireError.malformed("x").asAWSError(proto)
        #expect(error.code == code && error.status == 400)
    }

    @Test func idempotencyTokensAreFilledIn() throws {
        struct Input: Shape {
            var token: String?
            init() {}
            static let schema = StructureSchema("Input", [MemberSchema("token", .string, [.idempotencyToken])])
            init<R: ShapeReader>(from r: inout R) throws(WireError) {
                try r.beginStructure(Self.schema)
                while try r.nextMember() != nil { token = try .init(from: &r) }
            }
            func write<W: ShapeWriter>(to w: inout W) {
                w.beginStructure(Self.schema)
                w.put(0, token)
                w.endStructure()
            }
        }
        func sent(_ input: Input) throws -> String? {
            let request = try received(ClientCodec.encode(ECS.createCluster, input))
            return (try ServerCodec.decode(ECS.createCluster, request, .awsJSON11) as Input).token
        }
        var input = Input()
        let (first, second) = (try #require(try sent(input)), try #require(try sent(input)))
        #expect(first != second)
        #expect(first.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
        input.token = "mine"
        #expect(try sent(input) == "mine")
    }
}
