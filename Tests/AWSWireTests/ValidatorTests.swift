import AWSModels
import AWSWire
import Testing

/// A structure with a member for each kind of constraint.
private struct Sample: Shape {
    var name: String?
    var count: Int?
    var mode: String?
    var names: [String]?
    var tags: [Tag]?
    var labels: [String: String]?
    var secret: String?

    init() {}

    static let schema = StructureSchema(
        "Sample",
        [
            MemberSchema(
                "ClusterName", ValueSchema(.string, constraint: Constraint(max: 5, pattern: "[a-z\\-]+")), [.required]),
            MemberSchema("count", ValueSchema(.integer, constraint: Constraint(min: 1, max: 10))),
            MemberSchema("mode", ValueSchema(.string, constraint: Constraint(values: ["ON", "OFF"]))),
            MemberSchema(
                "names",
                ValueSchema(
                    .list, constraint: Constraint(max: 2),
                    item: ValueSchema(.string, constraint: Constraint(min: 1, max: 3)))),
            MemberSchema("tags", ValueSchema(.list, item: .structure)),
            MemberSchema(
                "labels",
                ValueSchema(
                    .map, item: ValueSchema(.string, constraint: Constraint(max: 1)),
                    key: ValueSchema(.string, constraint: Constraint(pattern: "\\w+")))),
            MemberSchema("secret", ValueSchema(.string, constraint: Constraint(min: 8)), [.sensitive]),
        ])

    init<R: ShapeReader>(from r: inout R) throws(WireError) {}

    func write<W: ShapeWriter>(to w: inout W) {
        w.beginStructure(Self.schema)
        w.put(0, name)
        w.put(1, count)
        w.put(2, mode)
        w.put(3, names)
        w.put(4, tags)
        w.put(5, labels)
        w.put(6, secret)
        w.endStructure()
    }

    struct Tag: Shape {
        var key: String?
        init() {}
        init(key: String?) { self.key = key }
        static let schema = StructureSchema(
            "Tag", [MemberSchema("Key", ValueSchema(.string, constraint: Constraint(min: 1)), [.required])])
        init<R: ShapeReader>(from r: inout R) throws(WireError) {}
        func write<W: ShapeWriter>(to w: inout W) {
            w.beginStructure(Self.schema)
            w.put(0, key)
            w.endStructure()
        }
    }
}

@Suite struct ValidatorTests {
    private func problem(_ change: (inout Sample) -> Void) -> String? {
        var sample = Sample()
        sample.name = "abc"
        change(&sample)
        return Validator.check(sample)
    }

    private func one(_ text: String) -> String { "1 validation error detected: \(text)" }

    @Test func soundInputsPass() {
        #expect(problem { _ in } == nil)
        #expect(
            problem {
                $0.count = 10
                $0.mode = "ON"
                $0.names = ["a", "abc"]
                $0.tags = [.init(key: "k")]
                $0.labels = ["a_1": ""]
                $0.secret = "12345678"
            } == nil)
    }

    @Test func missing() {
        #expect(
            problem { $0.name = nil }
                == one("Value null at 'clusterName' failed to satisfy constraint: Member must not be null"))
        #expect(
            problem { $0.tags = [.init(key: "a"), .init(key: nil)] }
                == one("Value null at 'tags.2.member.key' failed to satisfy constraint: Member must not be null"))
    }

    @Test func lengthAndPattern() {
        #expect(
            problem { $0.name = "ABCDEF" }
                == "2 validation errors detected: Value 'ABCDEF' at 'clusterName' failed to satisfy constraint: Member must have "
                + "length less than or equal to 5; Value 'ABCDEF' at 'clusterName' failed to satisfy constraint: Member must "
                + "satisfy regular expression pattern: [a-z\\-]+")
        #expect(
            problem { $0.tags = [.init(key: "")] }
                == one(
                    "Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1"
                ))
    }

    @Test func numbersAndEnumerations() {
        #expect(
            problem { $0.count = 11 }
                == one(
                    "Value '11' at 'count' failed to satisfy constraint: Member must have value less than or equal to 10"
                ))
        #expect(
            problem { $0.mode = "on" }
                == one(
                    "Value 'on' at 'mode' failed to satisfy constraint: Member must satisfy enum value set: [ON, OFF]"))
    }

    @Test func itemsAreToldTogether() {
        #expect(
            problem { $0.names = ["abcd", ""] }
                == one(
                    "Value '[abcd, ]' at 'names' failed to satisfy constraint: Member must satisfy constraint: [Member must have "
                        + "length less than or equal to 3, Member must have length greater than or equal to 1]"))
        #expect(
            problem { $0.names = ["a", "b", "c"] }
                == one(
                    "Value '[a, b, c]' at 'names' failed to satisfy constraint: Member must have length less than or equal to 2"
                ))
        #expect(
            problem { $0.labels = ["a-b": "x"] }
                == one(
                    "Value '{a-b=x}' at 'labels' failed to satisfy constraint: Map keys must satisfy constraint: [Member must "
                        + "satisfy regular expression pattern: \\w+]"))
        #expect(
            problem { $0.labels = ["a": "xy"] }
                == one(
                    "Value '{a=xy}' at 'labels' failed to satisfy constraint: Map value must satisfy constraint: [Member must have "
                        + "length less than or equal to 1]"))
    }

    @Test func secretsAreNotTold() {
        #expect(
            problem { $0.secret = "hunter2" }
                == one(
                    "Value at 'secret' failed to satisfy constraint: Member must have length greater than or equal to 8"
                ))
    }

    @Test(arguments: [
        #"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"#, #"[\w+=,.@-]+"#, #"[\u0020-\u00FF]+"#,
        #"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)"#,
        #"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*"#, #"\/?.+\/.+"#, "arn:[^:]+:(s3|s3express):.*",
        #"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*"#,
    ])
    func patternsOfTheModelsCompile(pattern: String) {
        #expect(PatternCache.compiles(pattern))
    }

    @Test func patternsSpeakJava() {
        #expect(!PatternCache.matches(#"\w+"#, "é"))
        #expect(
            PatternCache.matches(
                #"[\p{L}]+"#, "e\u{301}é".unicodeScalars.filter { $0 != "\u{301}" }.map(String.init).joined()))
        #expect(PatternCache.matches(#"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*"#, "a🐝\n"))
        #expect(PatternCache.matches("(unclosed", "anything"))
    }
}
