import AWSModels
import AWSWire
import Ground
import Testing

@Suite struct JSONTests {
    private func read<S: Shape>(_ text: String, as type: S.Type = S.self) throws(WireError) -> S {
        var reader = JSONReader(Array(text.utf8))
        let value = try S(from: &reader)
        try reader.finish()
        return value
    }

    @Test func unknownMembersAndNullsAreSkipped() throws {
        let request: ECS.CreateClusterRequest = try read(
            #"{"x":{"y":[1,{"z":null}],"w":"\u00e9"},"clusterName":"a\ud83d\udc1d\n","tags":null,"tags":[null,{"key":"k"}]}"#
        )
        #expect(request.clusterName == "a🐝\n")
        #expect(request.tags?.map(\.key) == ["k"])
    }

    @Test func anEmptyListStaysOne() throws {
        let request: ECS.CreateClusterRequest = try read(#"{"tags":[]}"#)
        #expect(request.tags?.isEmpty == true)
        #expect(json(request) == #"{"tags":[]}"#)
    }

    @Test(arguments: [
        "", "{", "}", "[]", "null", "{]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\":01}", "{\"a\":1.}",
        "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1e}", "{\"a\":nul}", "{\"a\":'b'}", "{\"a\":\"\u{1}\"}", "{\"a\":\"\\x\"}",
        "{\"a\":\"\\ud800\"}", "{\"a\":\"\\udc00\"}", "{\"a\":\"\\u12\"}", "{} {}", "{a:1}", "{\"a\":1 \"b\":2}",
        "{\"a\":[1,]}", "{\"a\":[,1]}", "{\"a\":\"b}", "{\"a\":NaN}", "\u{FEFF}{}",
    ])
    func brokenDocumentsAreRefused(text: String) {
        #expect(throws: WireError.self) { try read(text, as: ECS.CreateClusterRequest.self) }
    }

    @Test func textThatIsNotUTF8IsRefused() {
        #expect(throws: WireError.self) {
            var reader = JSONReader(Array(#"{"clusterName":""#.utf8) + [0xC3, 0x28] + Array("\"}".utf8))
            _ = try ECS.CreateClusterRequest(from: &reader)
        }
    }

    @Test func wrongTypesAreToldByMember() {
        #expect(throws: WireError.mistyped(member: "clusterName", expected: "a String")) {
            try read(#"{"clusterName":1}"#, as: ECS.CreateClusterRequest.self)
        }
        #expect(throws: WireError.mistyped(member: "tags", expected: "a list")) {
            try read(#"{"tags":{}}"#, as: ECS.CreateClusterRequest.self)
        }
        #expect(throws: WireError.mistyped(member: "key", expected: "a String")) {
            try read(#"{"tags":[{"key":true}]}"#, as: ECS.CreateClusterRequest.self)
        }
    }

    @Test func depthIsBounded() {
        for depth in [65, 100_000] {
            let text = "{\"x\":" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
            #expect(throws: WireError.tooLarge("nested deeper than 64")) {
                try read(text, as: ECS.CreateClusterRequest.self)
            }
        }
        #expect(throws: Never.self) {
            try read(
                "{\"x\":" + String(repeating: "[", count: 63) + String(repeating: "]", count: 63) + "}",
                as: ECS.CreateClusterRequest.self)
        }
    }

    @Test func itemsAreBounded() {
        let text = "{\"tags\":[" + String(repeating: "{},", count: 60_000) + "{}]}"
        #expect(throws: WireError.tooLarge("more than 500000 items")) {
            try read(text, as: ECS.CreateClusterRequest.self)
        }
    }

    @Test func numbers() throws {
        struct Numbers: Shape {
            var integer: Int?
            var double: Double?
            var time: Timestamp?
            init() {}
            static let schema = StructureSchema(
                "Numbers", [MemberSchema("i", .integer), MemberSchema("d", .double), MemberSchema("t", .timestamp)])
            init<R: ShapeReader>(from r: inout R) throws(WireError) {
                try r.beginStructure(Self.schema)
                while let member = try r.nextMember() {
                    switch member {
                    case 0: integer = try .init(from: &r)
                    case 1: double = try .init(from: &r)
                    default: time = try .init(from: &r)
                    }
                }
            }
            func write<W: ShapeWriter>(to w: inout W) {
                w.beginStructure(Self.schema)
                w.put(0, integer)
                w.put(1, double)
                w.put(2, time)
                w.endStructure()
            }
        }
        let numbers: Numbers = try read(#"{"i":-9223372036854775808,"d":"-Infinity","t":1795507687.123}"#)
        #expect(numbers.integer == .min && numbers.double == -.infinity)
        #expect(numbers.time == Timestamp(milliseconds: 1_795_507_687_123))
        #expect(json(numbers) == #"{"i":-9223372036854775808,"d":"-Infinity","t":1795507687.123}"#)
        #expect(try read(#"{"i":1e3}"#, as: Numbers.self).integer == 1000)
        #expect(try read(#"{"t":"2026-11-24T08:08:07.123Z"}"#, as: Numbers.self).time == numbers.time)
        for broken in [
            #"{"i":9223372036854775808}"#, #"{"i":1.5}"#, #"{"i":"1"}"#, #"{"d":"inf"}"#, #"{"d":1e999}"#,
            #"{"t":1e30}"#,
        ] {
            #expect(throws: WireError.self) { try read(broken, as: Numbers.self) }
        }
    }
}
