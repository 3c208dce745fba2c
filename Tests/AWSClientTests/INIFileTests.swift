import AWSClient
import Testing

@Suite struct INIFileTests {
    @Test func sectionsPropertiesAndComments() throws {
        let file = try INIFile(
            parsing: """
                # a comment
                ; another
                [default]
                Region = eu-west-1   ; behind a value
                key=a#b;c
                  [not.a.section] = 1

                [ profile   "my dev" ]  # why
                region=
                """)
        #expect(file.sections["default"]?["region"]?.text == "eu-west-1")
        #expect(file.sections["default"]?["key"]?.text == "a#b;c\n[not.a.section] = 1")
        #expect(file.sections["profile my dev"]?["region"] == INIFile.Property(text: ""))
    }

    @Test func nestedProperties() throws {
        let file = try INIFile(
            parsing: "[services local]\r\ns3 =\r\n  endpoint_url = http://127.0.0.1:4566\r\n\tOther=x\r\nec2 = \r\n")
        #expect(
            file.sections["services local"]?["s3"]?.nested == ["endpoint_url": "http://127.0.0.1:4566", "other": "x"])
        #expect(file.sections["services local"]?["ec2"]?.nested == [:])
    }

    @Test func sectionsThatComeTwiceAreOne() throws {
        let file = try INIFile(parsing: "[a]\nx = 1\ny = 1\n[b]\n[a]\nx = 2")
        #expect(file.sections["a"]?.mapValues(\.text) == ["x": "2", "y": "1"])
        #expect(file.sections["b"] == [:])
    }

    @Test(
        arguments: [
            ("x = 1", 1), ("[a\nx = 1", 1), ("[a]\nno equals", 2), ("[a]\n= 1", 2), ("[a] b", 1),
            ("[a]\ns3 =\n  nothing", 3),
        ])
    func brokenLinesAreNamed(_ text: String, _ line: Int) throws {
        let error = try #require(throws: INIFile.SyntaxError.self) { try INIFile(parsing: text) }
        #expect(error.line == line)
    }

    @Test func nothing() throws {
        #expect(try INIFile(parsing: "").sections.isEmpty)
        #expect(try INIFile(parsing: "\n\n  \n").sections.isEmpty)
    }

    @Test func profilesOfBothFiles() throws {
        let config = SharedConfig(
            config: try INIFile(
                parsing: """
                    [default]
                    region = ignored
                    [profile default]
                    region = eu-west-1
                    [profile dev]
                    aws_access_key_id = from-config
                    region = eu-west-2
                    [dev]
                    region = not a profile of this file
                    [services local]
                    s3 =
                      endpoint_url = http://h
                    """),
            credentials: try INIFile(parsing: "[dev]\naws_access_key_id = from-credentials\n[only]\na = b"))
        #expect(config.profiles["default"]?["region"]?.text == "eu-west-1")
        #expect(config.profiles["dev"]?["aws_access_key_id"]?.text == "from-credentials")
        #expect(config.profiles["dev"]?["region"]?.text == "eu-west-2")
        #expect(config.profiles["only"]?["a"]?.text == "b")
        #expect(config.services["local"]?["s3"]?.nested["endpoint_url"] == "http://h")
    }
}
