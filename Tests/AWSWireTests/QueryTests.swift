import AWSModels
import AWSWire
import Ground
import NIOCore
import Testing

@Suite struct QueryTests {
    private func read(_ form: String) throws(WireError) -> CloudWatch.PutMetricDataInput {
        let request = WireRequest(method: .POST, document: ByteBuffer(string: form))
        return try ServerCodec.decode(CloudWatch.putMetricData, request, .awsQuery)
    }

    @Test func itemsComeInTheOrderOfTheirNumbers() throws {
        let input = try read(
            "Action=PutMetricData&Namespace=a+b%2B&MetricData.member.10.MetricName=c&MetricData.member.2.MetricName=b"
                + "&MetricData.member.2.Values.member.1=1.5&MetricData.member.2.Dimensions.member.1.Name=n&Unknown.1=x")
        #expect(input.namespace == "a b+")
        #expect(input.metricData?.map(\.metricName) == ["b", "c"])
        #expect(input.metricData?.first?.values == [1.5])
        #expect(input.metricData?.first?.dimensions?.first?.name == "n")
    }

    @Test func emptyLists() throws {
        #expect(try read("MetricData=").metricData?.isEmpty == true)
        #expect(try read("").metricData == nil)
    }

    @Test func aGetHasItsFormInTheQuery() throws {
        let request = WireRequest(method: .GET, query: [("Namespace", "a"), ("MetricData.member.1.MetricName", "b")])
        let input: CloudWatch.PutMetricDataInput = try ServerCodec.decode(CloudWatch.putMetricData, request, .awsQuery)
        #expect(input.namespace == "a" && input.metricData?.first?.metricName == "b")
    }

    @Test(arguments: [
        "MetricData.member.x.MetricName=a", "Namespace=%zz", "Namespace=%ff", "MetricData.member.1=x", "MetricData=x",
        "Namespace.x=1", "MetricData.member.1.Value=x", "MetricData.member.-1.Value=1", "StrictEntityValidation=maybe",
    ])
    func brokenFormsAreRefused(form: String) {
        #expect(throws: WireError.self) { try read(form) }
    }

    @Test func wrongTypesAreToldByPath() {
        #expect(throws: WireError.mistyped(member: "MetricData.2.Value", expected: "a Double")) {
            try read("MetricData.member.1.Value=1&MetricData.member.2.Value=x")
        }
    }

    @Test func fieldsAndDepthAreBounded() {
        #expect(throws: WireError.tooLarge("more than 10000 fields")) {
            try read((0...10_000).map { "a\($0)=" }.joined(separator: "&"))
        }
        #expect(throws: WireError.tooLarge("a name of more than 32 parts")) {
            try read(String(repeating: "a.", count: 10_000) + "=")
        }
        #expect(throws: WireError.tooLarge("more than 100000 names")) {
            try read((0..<9000).map { "a\($0)" + String(repeating: ".b", count: 20) + "=" }.joined(separator: "&"))
        }
    }

    @Test func ec2NamesAndLists() throws {
        var input = EC2.CreateTagsRequest()
        input.resources = ["i-1", "i-2"]
        input.tags = [.init(key: "k", value: "v")]
        let sent = try ClientCodec.encode(EC2.createTags, input)
        let form = String(buffer: buffer(sent.body))
        #expect(
            form == "Action=CreateTags&Version=2016-11-15&ResourceId.1=i-1&ResourceId.2=i-2&Tag.1.Key=k&Tag.1.Value=v")
    }
}
